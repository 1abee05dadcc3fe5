"""From lark's parse tree to ours: one method a grammar rule."""

from typing import Any

from lark import Token, Transformer, v_args
from lark.tree import Meta

from emulator.firestore.rules.literals import InvalidEscapeError, decode_bytes, decode_string
from emulator.firestore.rules.syntax import (
    Allow,
    Binary,
    Call,
    Conditional,
    Expression,
    Function,
    Index,
    Let,
    ListLiteral,
    Literal,
    MapLiteral,
    Match,
    Member,
    MethodCall,
    Name,
    PathLiteral,
    RulesFile,
    Service,
    Slice,
    Span,
    TypeTest,
    Unary,
    Wildcard,
)
from emulator.firestore.rules.values import INT_MAX


class SourceError(Exception):
    """The text has the right shape but cannot mean anything, at this line and column."""

    def __init__(self, line: int, column: int, description: str) -> None:
        super().__init__(description)
        self.line = line
        self.column = column
        self.description = description


def _span(meta: Meta) -> Span:
    if meta.empty:
        return Span(1, 1, 0, 0)
    return Span(meta.line, meta.column, meta.start_pos, meta.end_pos)


def _of(children: list[Any], kind: type) -> tuple[Any, ...]:
    return tuple(child for child in children if isinstance(child, kind))


@v_args(meta=True)
class TreeBuilder(Transformer[Token, object]):
    """Builds syntax.RulesFile; raises SourceError for literals and versions that have no meaning."""

    def start(self, meta: Meta, children: list[Any]) -> RulesFile:
        versions = _of(children, tuple)
        version, span = versions[0] if versions else (None, _span(meta))
        return RulesFile(version, span, _of(children, Function), _of(children, Service))

    def version(self, meta: Meta, children: list[Any]) -> tuple[str, Span]:
        return self._decoded(children[0]), _span(meta)

    def service(self, meta: Meta, children: list[Any]) -> Service:
        return Service(_span(meta), children[0], _of(children, Function), _of(children, Match))

    def service_name(self, _meta: Meta, children: list[Token]) -> str:
        return ".".join(children)

    def match(self, meta: Meta, children: list[Any]) -> Match:
        body = children[2:]
        return Match(_span(meta), children[1], _of(body, Function), _of(body, Match), _of(body, Allow))

    def pattern(self, _meta: Meta, children: list[str | Wildcard]) -> tuple[str | Wildcard, ...]:
        return tuple(children)

    def pattern_literal(self, _meta: Meta, children: list[Token]) -> str:
        return str(children[0])

    def wildcard(self, _meta: Meta, children: list[Token]) -> Wildcard:
        return Wildcard(str(children[0]), recursive=False)

    def recursive_wildcard(self, _meta: Meta, children: list[Token]) -> Wildcard:
        return Wildcard(str(children[0]), recursive=True)

    def allow(self, meta: Meta, children: list[Any]) -> Allow:
        condition, missing_if = children[2] if len(children) > 2 else (None, False)
        return Allow(_span(meta), children[1], condition, missing_if)

    def methods(self, _meta: Meta, children: list[Token]) -> tuple[str, ...]:
        return tuple(str(child) for child in children)

    def condition(self, _meta: Meta, children: list[Any]) -> tuple[Expression, bool]:
        return children[1], False

    def condition_without_if(self, _meta: Meta, children: list[Any]) -> tuple[Expression, bool]:
        return children[0], True

    def function(self, meta: Meta, children: list[Any]) -> Function:
        return Function(_span(meta), str(children[1]), children[2], _of(children[3:], Let), children[-1])

    def parameters(self, _meta: Meta, children: list[Token]) -> tuple[str, ...]:
        return tuple(str(child) for child in children)

    def let(self, meta: Meta, children: list[Any]) -> Let:
        return Let(_span(meta), str(children[1]), children[2])

    def conditional(self, meta: Meta, children: list[Expression]) -> Conditional:
        return Conditional(_span(meta), *children)

    def binary(self, meta: Meta, children: list[Any]) -> Binary:
        left, operator, right = children
        return Binary(_span(meta), str(operator), left, right)

    def type_test(self, meta: Meta, children: list[Any]) -> TypeTest:
        return TypeTest(_span(meta), children[0], str(children[2]))

    def unary(self, meta: Meta, children: list[Any]) -> Unary | Literal:
        operator, operand = children
        if operator == "-" and isinstance(operand, Literal) and operand.value == INT_MAX + 1:
            return Literal(_span(meta), -INT_MAX - 1)
        if operator == "+":
            raise SourceError(operator.line, operator.column, "Unexpected '+'.")
        return Unary(_span(meta), str(operator), operand)

    def member(self, meta: Meta, children: list[Any]) -> Member:
        return Member(_span(meta), children[0], str(children[1]))

    def method_call(self, meta: Meta, children: list[Any]) -> MethodCall:
        return MethodCall(_span(meta), children[0], str(children[1]), children[2])

    def index(self, meta: Meta, children: list[Expression]) -> Index:
        return Index(_span(meta), *children)

    def slice(self, meta: Meta, children: list[Expression]) -> Slice:
        return Slice(_span(meta), *children)

    def name(self, meta: Meta, children: list[Token]) -> Name:
        return Name(_span(meta), str(children[0]))

    def call(self, meta: Meta, children: list[Any]) -> Call:
        return Call(_span(meta), str(children[0]), children[1])

    def arguments(self, _meta: Meta, children: list[Expression]) -> tuple[Expression, ...]:
        return tuple(children)

    def list_literal(self, meta: Meta, children: list[Any]) -> ListLiteral:
        return ListLiteral(_span(meta), children[0])

    def map_literal(self, meta: Meta, children: list[Any]) -> MapLiteral:
        return MapLiteral(_span(meta), tuple(children))

    def entry(self, _meta: Meta, children: list[Expression]) -> tuple[Expression, Expression]:
        return children[0], children[1]

    def path(self, meta: Meta, children: list[Any]) -> PathLiteral:
        return PathLiteral(_span(meta), tuple(child for child in children if not isinstance(child, Token)))

    def path_literal(self, _meta: Meta, children: list[Token]) -> str:
        return str(children[0])

    def path_expression(self, _meta: Meta, children: list[Expression]) -> Expression:
        return children[0]

    def string(self, meta: Meta, children: list[Token]) -> Literal:
        return Literal(_span(meta), self._decoded(children[0]))

    def bytes(self, meta: Meta, children: list[Token]) -> Literal:
        try:
            return Literal(_span(meta), decode_bytes(children[0]))
        except InvalidEscapeError as error:
            raise SourceError(meta.line, meta.column + error.offset, str(error)) from None

    def float(self, meta: Meta, children: list[Token]) -> Literal:
        return Literal(_span(meta), float(children[0]))

    def integer(self, meta: Meta, children: list[Token]) -> Literal:
        digits = children[0].lstrip("0") or "0"
        # One more than the largest is kept for `-9223372036854775808`; the compiler refuses it anywhere else.
        if len(digits) > len(str(INT_MAX)) or int(digits) > INT_MAX + 1:
            raise SourceError(meta.line, meta.column, f"The integer {children[0]} does not fit into 64 bits.")
        return Literal(_span(meta), int(digits))

    def true(self, meta: Meta, _children: list[Token]) -> Literal:
        return Literal(_span(meta), True)

    def false(self, meta: Meta, _children: list[Token]) -> Literal:
        return Literal(_span(meta), False)

    def null(self, meta: Meta, _children: list[Token]) -> Literal:
        return Literal(_span(meta), None)

    def _decoded(self, token: Token) -> str:
        try:
            return decode_string(token)
        except InvalidEscapeError as error:
            raise SourceError(token.line or 1, (token.column or 1) + error.offset, str(error)) from None
