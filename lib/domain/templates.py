"""Liquid templates of messages: what an author may write, checked before it is saved, and rendered for one customer.

Authors are trusted with the words only. Tags and filters are a short list without loops, includes or anything that
multiplies text, so what a template can cost is bounded by its length. Values are data: never parsed as a template,
escaped in HTML, without line breaks, invisible signs or, in names, web addresses (a name is typed by strangers, and
"Win at evil.example" would otherwise go out under the shop's name).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from lib.domain.errors import InvalidInput
from lib.domain.message_variables import FALLBACKS, NAMES, NUMBERS, Value

if TYPE_CHECKING:
    from liquid.static_analysis import TemplateAnalysis
    from liquid.template import BoundTemplate

_TAGS = frozenset({"if", "unless", "case", "assign", "comment", "echo", "#", "illegal", "content", "output"})
_FILTERS = frozenset(
    {"default", "capitalize", "upcase", "downcase", "strip", "truncate", "escape", "size"}
    | {"plus", "minus", "at_least", "at_most"}
)
_VALUE_LENGTH_MAX = 300
_MARKUP_LENGTH_MAX = 300
_EXPRESSIONS_TRIED_MAX = 500
_EXPRESSION = re.compile(r"\{\{.{0,300}?\}\}|\{%-?\s{0,30}assign\b.{0,300}?%\}", re.DOTALL)
# JSON can hold half a surrogate pair; no message and no document can.
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_OPENING = re.compile(r"\{\{|\{%")
_NOT_IN_MARKUP = re.compile(r"\s{30}|\{\{|\{%|^-?\s*(?:raw|doc)\b")
_VALUE_WITH_LINK = re.compile(r"://|\bwww\.|[\w-]{2,}\.[a-z]{2,}(?:[/:?#]|\b)", re.IGNORECASE)


class Part(StrEnum):
    """Which part of a message a template makes. Each has its own escaping and bounds."""

    SMS = "sms"
    SUBJECT = "subject"
    HTML = "html"
    TEXT = "text"


# (characters of the template, bytes of the result)
_LIMITS = {
    Part.SMS: (2_000, 8_000),
    Part.SUBJECT: (300, 1_000),
    Part.HTML: (100_000, 400_000),
    Part.TEXT: (50_000, 200_000),
}


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """Why a template cannot be used. `line` and `column` count from 1; 1, 1 where the whole template is meant."""

    reason: str
    message: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text, and which variables it asked for that this customer has no value for."""

    text: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Template:
    """A parsed template and what it uses."""

    liquid: "BoundTemplate"
    uses: "TemplateAnalysis"


def problems(source: str, part: Part, extra: frozenset[str] = frozenset()) -> tuple[TemplateProblem, ...]:
    """What is wrong with a template, in the order in which it stands there; () if it can be used.

    `extra` are variables that its occasion adds (message_variables.OCCASIONS). Unknown ones are problems: they would be
    empty for everybody.
    """
    if len(source) > _LIMITS[part][0]:
        return (TemplateProblem("too_long", f"must be at most {_LIMITS[part][0]} characters"),)
    if not source.strip():
        return (TemplateProblem("empty", "must not be empty"),)
    if _HALF_CHARACTER.search(source):
        return (TemplateProblem("not_text", "holds half a character"),)
    if part is Part.SUBJECT and (broken := re.search(r"[\r\n\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]", source)):
        return (TemplateProblem("line_break", "a subject is one line", *_position(source, broken.start())),)
    template = _parsed(source, part)
    if isinstance(template, TemplateProblem):
        return (template,)
    return _unknown_names(template, source, extra) or _trial(template, part, extra)


def check(source: str, part: Part, *, pointer: str, extra: frozenset[str] = frozenset()) -> None:
    """Raises InvalidInput naming the field and the place in it, if the template cannot be used."""
    if found := problems(source, part, extra):
        first = found[0]
        raise InvalidInput(
            f"line {first.line}, column {first.column}: {first.message}", pointer=pointer, reason=first.reason
        )


def render(source: str, part: Part, values: Mapping[str, Value]) -> Rendered:
    """The message for one customer. A variable that is None or absent gets its fallback ("there" for firstName), or
    what the author gave with `| default:`.

    Raises InvalidInput for a template that problems() would have refused, and for one that outgrows its bounds.
    """
    template = _parsed(source, part)
    if isinstance(template, TemplateProblem):
        raise InvalidInput(template.message, reason=template.reason)
    return _rendered(template, part, {name: _clean(name, value) for name, value in values.items()})


@lru_cache(maxsize=64)
def _parsed(source: str, part: Part) -> _Template | TemplateProblem:
    from liquid.exceptions import LiquidError

    from lib.domain.message_liquid import environment

    length_max, bytes_max = _LIMITS[part]
    if len(source) > length_max:
        return TemplateProblem("too_long", f"must be at most {length_max} characters")
    if problem := _slow_markup(source):
        return problem
    try:
        liquid = environment(part is Part.HTML, bytes_max, _TAGS, _FILTERS).from_string(source)
        return _Template(liquid, liquid.analyze())
    except LiquidError as error:
        index = error.token.start_index if error.token is not None else -1
        # Where an expression or the template ends too early, the library cannot say at which place.
        place = index if index >= 0 else _ends_early_at(source, part)
        return TemplateProblem("syntax", _first_line(error.message), *_position(source, place))


def _ends_early_at(source: str, part: Part) -> int:
    """Where the first expression stands that cannot be read by itself; the end, if it is a block that is not closed."""
    from liquid.exceptions import LiquidError

    from lib.domain.message_liquid import environment

    liquid = environment(part is Part.HTML, _LIMITS[part][1], _TAGS, _FILTERS)
    for markup in islice(_EXPRESSION.finditer(source), _EXPRESSIONS_TRIED_MAX):
        try:
            liquid.from_string(markup[0])
        except LiquidError:
            return markup.start()
    return len(source)


def _slow_markup(source: str) -> TemplateProblem | None:
    """The first piece of markup that is not closed soon, or that would keep the library's lexer busy: its patterns look
    back and ahead, and 16 kilobytes of blanks after `{{` take it ten seconds."""
    opening = _OPENING.search(source)
    while opening:
        closing = source.find("}}" if opening[0] == "{{" else "%}", opening.end(), opening.start() + _MARKUP_LENGTH_MAX)
        place = _position(source, opening.start())
        if closing < 0:
            return TemplateProblem(
                "syntax", f"{opening[0]} is not closed within {_MARKUP_LENGTH_MAX} characters", *place
            )
        if bad := _NOT_IN_MARKUP.search(source[opening.end() : closing]):
            said = f"{bad[0].strip()!r} is" if bad[0].strip() else "a gap of 30 blanks is"
            return TemplateProblem("syntax", f"{said} not allowed between {opening[0]} and its end", *place)
        opening = _OPENING.search(source, closing + 2)
    return None


def _rendered(template: _Template, part: Part, values: Mapping[str, Value]) -> Rendered:
    from liquid.exceptions import LiquidError

    from lib.domain.message_liquid import Missing

    present = {name: value for name, value in values.items() if value is not None}
    absent = tuple(name for name in template.uses.globals if name not in present)
    try:
        text = template.liquid.render(present, **{name: Missing(FALLBACKS.get(name, "")) for name in absent})
    except (LiquidError, ArithmeticError) as error:
        # Filters that count take "Inf" for a number, which somebody may be called, and then stumble over it.
        raise InvalidInput(_first_line(getattr(error, "message", "")), reason="render") from error
    return Rendered(" ".join(text.split()) if part is Part.SUBJECT else text, absent)


def _unknown_names(template: _Template, source: str, extra: frozenset[str]) -> tuple[TemplateProblem, ...]:
    found = [
        (use.span.index, "unknown_variable", f"there is no variable {name[:40]!r}")
        for name, uses in template.uses.globals.items()
        if name not in FALLBACKS and name not in extra
        for use in uses
    ] + [
        (span.index, "unknown_filter", f"there is no filter {name[:40]!r}")
        for name, spans in template.uses.filters.items()
        if name not in _FILTERS
        for span in spans
    ]
    return tuple(
        TemplateProblem(reason, message, *_position(source, index)) for index, reason, message in sorted(found)
    )


def _trial(template: _Template, part: Part, extra: frozenset[str]) -> tuple[TemplateProblem, ...]:
    """What shows only when it runs: a filter's arguments, sizes. Tried without any value, and with long ones."""
    longest: dict[str, Value] = {
        name: 10**9 if name in NUMBERS else "n" * _VALUE_LENGTH_MAX for name in (*FALLBACKS, *extra)
    }
    for values in ({}, longest):
        try:
            _rendered(template, part, values)
        except InvalidInput as error:
            return (TemplateProblem("render", error.message),)
    return ()


def _clean(name: str, value: Value) -> Value:
    """A value as it may stand in a message: one line without control, invisible or direction-changing signs."""
    if not isinstance(value, str):
        return value
    shown = "".join(" " if sign.isspace() else sign for sign in value[:_VALUE_LENGTH_MAX])
    text = " ".join("".join(sign for sign in shown if unicodedata.category(sign)[0] != "C").split())
    return None if not text or (name in NAMES and _VALUE_WITH_LINK.search(text)) else text


def _position(source: str, index: int) -> tuple[int, int]:
    before = source[: max(index, 0)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _first_line(message: object) -> str:
    return (str(message or "cannot be read").splitlines() or [""])[0][:200]
