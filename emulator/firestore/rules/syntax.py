"""The syntax tree of a ruleset: what the parser makes and the compiler reads."""

from dataclasses import dataclass
from typing import TypeAlias

from emulator.firestore.rules.values import Value


@dataclass(frozen=True, slots=True)
class Span:
    """Where a node stands: line and column from 1, offsets in characters from 0, the end exclusive."""

    line: int
    column: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Literal:
    """null, a bool, a number, a string or bytes."""

    span: Span
    value: Value


@dataclass(frozen=True, slots=True)
class Name:
    """A variable."""

    span: Span
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """`target.name`."""

    span: Span
    target: "Expression"
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """`target[key]`."""

    span: Span
    target: "Expression"
    key: "Expression"


@dataclass(frozen=True, slots=True)
class Slice:
    """`target[lower:upper]`."""

    span: Span
    target: "Expression"
    lower: "Expression"
    upper: "Expression"


@dataclass(frozen=True, slots=True)
class Call:
    """`name(arguments)`."""

    span: Span
    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class MethodCall:
    """`target.name(arguments)`."""

    span: Span
    target: "Expression"
    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """`!operand` or `-operand`."""

    span: Span
    operator: str
    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Binary:
    """`left operator right`."""

    span: Span
    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class TypeTest:
    """`operand is type_name`."""

    span: Span
    operand: "Expression"
    type_name: str


@dataclass(frozen=True, slots=True)
class Conditional:
    """`condition ? then : otherwise`."""

    span: Span
    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"


@dataclass(frozen=True, slots=True)
class ListLiteral:
    """`[items]`."""

    span: Span
    items: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class MapLiteral:
    """`{key: value}`."""

    span: Span
    entries: tuple[tuple["Expression", "Expression"], ...]


@dataclass(frozen=True, slots=True)
class PathLiteral:
    """`/literal/$(expression)`."""

    span: Span
    segments: tuple["str | Expression", ...]


Operation: TypeAlias = (
    Name
    | Member
    | Index
    | Slice
    | Call
    | MethodCall
    | Unary
    | Binary
    | TypeTest
    | Conditional
    | ListLiteral
    | MapLiteral
    | PathLiteral
)
Expression: TypeAlias = Literal | Operation


@dataclass(frozen=True, slots=True)
class Let:
    """`let name = value;`."""

    span: Span
    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Function:
    """`function name(parameters) { lets return result; }`."""

    span: Span
    name: str
    parameters: tuple[str, ...]
    lets: tuple[Let, ...]
    result: Expression


@dataclass(frozen=True, slots=True)
class Allow:
    """`allow methods: if condition;`; without a condition it always allows."""

    span: Span
    methods: tuple[str, ...]
    condition: Expression | None
    missing_if: bool


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`{name}` or, recursive, `{name=**}`."""

    name: str
    recursive: bool


@dataclass(frozen=True, slots=True)
class Match:
    """`match pattern { ... }`."""

    span: Span
    pattern: tuple[str | Wildcard, ...]
    functions: tuple[Function, ...]
    matches: tuple["Match", ...]
    allows: tuple[Allow, ...]


@dataclass(frozen=True, slots=True)
class Service:
    """`service name { ... }`."""

    span: Span
    name: str
    functions: tuple[Function, ...]
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class RulesFile:
    """A whole ruleset; version is None when the file does not say."""

    version: str | None
    version_span: Span
    functions: tuple[Function, ...]
    services: tuple[Service, ...]
