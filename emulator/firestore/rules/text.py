"""Strings as the rules engine sees them: counted in UTF-16 code units, matched with RE2, cased in ASCII."""

from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]  # the package ships no type information

from emulator.firestore.rules.errors import EvaluationError

_QUIET = re2.Options()
_QUIET.log_errors = False
_UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_TRIMMED = "".join(chr(code) for code in range(0x21))


def code_unit_count(text: str) -> int:
    """The length in UTF-16 code units, in which the engine counts: a character outside the BMP counts twice."""
    return len(text) if text.isascii() else len(_units(text)) // 2


def code_unit_slice(text: str, lower: int, upper: int) -> str:
    """The code units from `lower` up to `upper`; raises EvaluationError when they do not lie within the text."""
    if not 0 <= lower <= upper <= code_unit_count(text):
        raise EvaluationError("Index out of bounds.")
    if text.isascii():
        return text[lower:upper]
    return _units(text)[2 * lower : 2 * upper].decode("utf-16-le", "surrogatepass")


def _units(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def utf8(text: str) -> bytes:
    """The UTF-8 bytes; raises EvaluationError for half of a surrogate pair, which a range can cut off."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise EvaluationError("The string is not valid Unicode.") from None


def lower(text: str) -> str:
    """Lower case of A to Z; other letters stay."""
    return text.translate(_LOWER)


def upper(text: str) -> str:
    """Upper case of a to z; other letters stay."""
    return text.translate(_UPPER)


def trim(text: str) -> str:
    """Without leading and trailing spaces and control characters."""
    return text.strip(_TRIMMED)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Any:
    utf8(pattern)
    try:
        return re2.compile(pattern, _QUIET)
    except re2.error as error:
        raise EvaluationError(f"Invalid regular expression: {_reason(error)}.") from None


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def matches(text: str, pattern: str) -> bool:
    """Whether the whole text matches the RE2 pattern."""
    utf8(text)
    return _compiled(pattern).fullmatch(text) is not None


def replace(text: str, pattern: str, replacement: str) -> str:
    """Every match replaced by the literal replacement: `\\1` and `$1` have no meaning in it."""
    utf8(text)
    utf8(replacement)
    return str(_compiled(pattern).sub(lambda _match: replacement, text))


def split(text: str, pattern: str) -> list[str]:
    """The parts between matches, trailing empty ones dropped; a text without a match is its only part."""
    utf8(text)
    parts: list[str] = []
    start = 0
    for match in _compiled(pattern).finditer(text):
        if match.end() == 0 or (match.start() == match.end() == len(text)):
            continue  # an empty match at either end splits nothing off
        parts.append(text[start : match.start()])
        start = match.end()
    if not parts:
        return [text]
    parts.append(text[start:])
    while parts and not parts[-1]:
        parts.pop()
    return parts
