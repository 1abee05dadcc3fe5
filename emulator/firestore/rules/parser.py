"""Source text to syntax tree, or the issue that says where and why it is not one."""

from functools import cache
from pathlib import Path

from lark import Lark, Token, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.exceptions import VisitError

from emulator.firestore.rules.errors import Issue, RulesSyntaxError, Severity
from emulator.firestore.rules.syntax import RulesFile
from emulator.firestore.rules.tree_builder import SourceError, TreeBuilder

MAX_SOURCE_BYTES = 256 * 1024
_GRAMMAR = Path(__file__).with_name("grammar.lark")
_SHOWN_EXPECTED_MAX = 4
_TERMINAL_TEXT = {
    "NAME": "a name",
    "STRING": "a string",
    "INTEGER": "a number",
    "SEGMENT": "a path segment",
    "PATH_SEGMENT": "a path segment",
    "$END": "the end of the file",
}


@cache
def _lark() -> Lark:
    return Lark(_GRAMMAR.read_text(), parser="lalr", propagate_positions=True, maybe_placeholders=False)


def parse_file(source: str) -> RulesFile:
    """The syntax tree of a ruleset; raises RulesSyntaxError with one issue, at the first offence."""
    if len(source.encode()) > MAX_SOURCE_BYTES:
        raise _error(1, 1, f"The ruleset is larger than {MAX_SOURCE_BYTES // 1024} KiB.")
    try:
        tree = _lark().parse(source)
    except UnexpectedInput as error:
        raise _unexpected(source, error) from None
    try:
        file = TreeBuilder().transform(tree)
    except VisitError as error:
        if not isinstance(error.orig_exc, SourceError):
            raise
        raise _error(error.orig_exc.line, error.orig_exc.column, error.orig_exc.description) from None
    except RecursionError:
        raise _error(1, 1, "Expressions are nested too deep.") from None
    assert isinstance(file, RulesFile), file
    return file


def _error(line: int, column: int, description: str) -> RulesSyntaxError:
    return RulesSyntaxError([Issue(line, column, Severity.ERROR, description)])


def _unexpected(source: str, error: UnexpectedInput) -> RulesSyntaxError:
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        token: Token = error.token
        return _error(error.line, error.column, f"Unexpected '{token}'.{_expected(error.accepts or error.expected)}")
    if isinstance(error, UnexpectedCharacters):
        return _error(error.line, error.column, f"Unexpected '{error.char}'.{_expected(error.allowed or set())}")
    lines = source.split("\n")
    expected = _expected(error.accepts or error.expected) if isinstance(error, UnexpectedToken) else ""
    return _error(len(lines), len(lines[-1]) + 1, f"Unexpected end of file.{expected}")


def _expected(terminals: set[str]) -> str:
    names = sorted({_terminal_text(terminal) for terminal in terminals})
    if not names or len(names) > _SHOWN_EXPECTED_MAX:
        return ""
    return f" Expected {' or '.join(names)}."


def _terminal_text(terminal: str) -> str:
    if terminal in _TERMINAL_TEXT:
        return _TERMINAL_TEXT[terminal]
    pattern = next((t.pattern.value for t in _lark().terminals if t.name == terminal), terminal)
    return f"'{pattern.removesuffix(chr(92) + 'b')}'"
