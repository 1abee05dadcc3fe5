"""Expressions to closures: names are resolved and operators chosen once, so that an evaluation only runs."""

from collections.abc import Callable
from typing import assert_never

from emulator.firestore.rules.access import index, member, slice_of
from emulator.firestore.rules.arithmetic import negate
from emulator.firestore.rules.builtin import Builtin
from emulator.firestore.rules.closures import (
    builtin_call,
    capture,
    conditional,
    counted,
    debugging,
    failing,
    function_call,
    list_of,
    map_of,
    negation,
    path_of,
    require_bool,
    short_circuit,
)
from emulator.firestore.rules.coverage import Coverage, ExpressionCoverage
from emulator.firestore.rules.errors import Issue, Severity
from emulator.firestore.rules.evaluation import DOCUMENT_FUNCTIONS, Evaluator
from emulator.firestore.rules.functions import FUNCTIONS, NAMESPACES
from emulator.firestore.rules.methods import METHOD_NAMES, call_method
from emulator.firestore.rules.operators import BINARY
from emulator.firestore.rules.scope import FunctionCell, Scope
from emulator.firestore.rules.syntax import (
    Binary,
    Call,
    Conditional,
    Expression,
    Function,
    Index,
    ListLiteral,
    Literal,
    MapLiteral,
    Member,
    MethodCall,
    Name,
    Operation,
    PathLiteral,
    Slice,
    Span,
    TypeTest,
    Unary,
)
from emulator.firestore.rules.type_names import TYPE_TESTS, is_type
from emulator.firestore.rules.values import INT_MAX, Placeholder, Value

EXPRESSION_DEPTH_MAX = 100
_BOOLEAN_METHODS = frozenset({"matches", "hasAll", "hasAny", "hasOnly", "isNaN", "isInfinite"})
_BOOLEAN_FUNCTIONS = frozenset({"exists", "existsAfter", "bool"})
_NOT_BOOLEAN_OPERATORS = frozenset({"+", "-", "*", "/", "%"})


class NestedTooDeepError(Exception):
    """Expressions are nested deeper than an evaluation could follow."""

    def __init__(self, span: Span) -> None:
        super().__init__("Expressions are nested too deep.")
        self.issue = Issue(span.line, span.column, Severity.ERROR, str(self))


def _yields_bool(node: Expression) -> bool:
    match node:
        case Binary(operator=operator):
            return operator not in _NOT_BOOLEAN_OPERATORS
        case Unary(operator=operator):
            return operator == "!"
        case TypeTest():
            return True
        case Call(name=name):
            return name in _BOOLEAN_FUNCTIONS
        case MethodCall(name=name):
            return name in _BOOLEAN_METHODS
        case _:
            return False


class Compiler:
    """Compiles the conditions and functions of one ruleset; findings gather in `issues`, outcomes in `coverage`."""

    def __init__(self, coverage: Coverage) -> None:
        self.coverage = coverage
        self.issues: list[Issue] = []
        self._open: list[ExpressionCoverage] = []
        self._scope = Scope()
        self._locals: dict[str, int] = {}
        self._calls: list[FunctionCell] | None = None
        self._bound: Expression | None = None  # the path literal whose open names a bind() fills

    def report(self, severity: Severity, span: Span, description: str) -> None:
        """Add an issue at a place in the source."""
        self.issues.append(Issue(span.line, span.column, severity, description))

    def condition(self, node: Expression, scope: Scope) -> Evaluator:
        """The condition of an allow statement within a scope; a value that is not a bool is an error."""
        self._scope, self._locals, self._calls = scope, {}, None
        evaluator = self._boolean(node)
        return lambda frame: require_bool(evaluator(frame))

    def function(self, cell: FunctionCell) -> None:
        """Compile a function's lets and result into its cell."""
        function: Function = cell.function
        self._scope, self._calls = cell.scope, cell.calls
        self._locals = {name: position for position, name in enumerate(function.parameters)}
        for let in function.lets:
            cell.lets.append(self._expression(let.value))
            self._locals[let.name] = len(function.parameters) + len(cell.lets) - 1
        cell.result = self._expression(function.result)

    def _boolean(self, node: Expression) -> Evaluator:
        """An expression whose place demands a bool: coverage wants it seen true and false."""
        return self._expression(node, boolean=True)

    def _expression(self, node: Expression, boolean: bool = False) -> Evaluator:
        if isinstance(node, Literal):
            value = node.value
            if isinstance(value, int) and value > INT_MAX:
                self.report(Severity.ERROR, node.span, f"The integer {value} does not fit into 64 bits.")
            return lambda frame: value
        entry = ExpressionCoverage(node.span, boolean or _yields_bool(node))
        (self._open[-1].children if self._open else self.coverage.roots).append(entry)
        self._open.append(entry)
        if len(self._open) > EXPRESSION_DEPTH_MAX + 1:
            raise NestedTooDeepError(node.span)
        inner = self._compiled(node)
        self._open.pop()
        return counted(inner, entry)

    def _compiled(self, node: Operation) -> Evaluator:
        match node:
            case Name():
                return self._name(node)
            case Member(target=target, name=name):
                evaluate = self._expression(target)
                return lambda frame: member(evaluate(frame), name)
            case Index(target=target, key=key):
                return self._strict(index, target, key)
            case Slice(target=target, lower=lower, upper=upper):
                return self._strict(slice_of, target, lower, upper)
            case Binary():
                return self._binary(node)
            case Unary(operator="!", operand=operand):
                return negation(self._boolean(operand))
            case Unary(operand=operand):
                return self._strict(negate, operand)
            case TypeTest():
                return self._type_test(node)
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                return conditional(self._boolean(condition), self._expression(then), self._expression(otherwise))
            case Call():
                return self._call(node)
            case MethodCall():
                return self._method_call(node)
            case ListLiteral(items=items):
                return list_of([self._expression(item) for item in items])
            case MapLiteral(entries=entries):
                return map_of([(self._expression(key), self._expression(value)) for key, value in entries])
            case PathLiteral():
                return self._path(node)
            case _:
                assert_never(node)

    def _strict(self, function: Callable[..., Value], *operands: Expression) -> Evaluator:
        """Operands from left to right, then the function on their values."""
        evaluators = [self._expression(operand) for operand in operands]
        if len(evaluators) == 2:
            first, second = evaluators
            return lambda frame: function(first(frame), second(frame))
        return lambda frame: function(*[evaluate(frame) for evaluate in evaluators])

    def _binary(self, node: Binary) -> Evaluator:
        if node.operator == "||":
            return short_circuit(self._boolean(node.left), self._boolean(node.right), decisive=True)
        if node.operator == "&&":
            return short_circuit(self._boolean(node.left), self._boolean(node.right), decisive=False)
        return self._strict(BINARY[node.operator], node.left, node.right)

    def _type_test(self, node: TypeTest) -> Evaluator:
        operand = self._expression(node.operand)
        name = node.type_name
        if name not in TYPE_TESTS:
            known = ", ".join(sorted(TYPE_TESTS))
            self.report(Severity.ERROR, node.span, f"Invalid type: {name}. Expected one of: {known}.")
        return lambda frame: is_type(operand(frame), name)

    def _name(self, node: Name) -> Evaluator:
        name = node.name
        if name in self._locals:
            position = self._locals[name]
            return lambda frame: frame.locals[position]
        if name in self._scope.captures:
            return capture(name, self._scope.captures[name])
        if name == "request":
            return lambda frame: frame.run.request
        if name == "resource":
            return lambda frame: frame.run.resource
        self.report(Severity.WARNING, node.span, f"Invalid variable name: {name}.")
        return failing(f"Variable not found error: Name: [{name}].")

    def _is_variable(self, name: str) -> bool:
        return name in self._locals or name in self._scope.captures or name in ("request", "resource")

    def _call(self, node: Call) -> Evaluator:
        name = node.name
        cell = self._scope.find_function(name)
        arguments = [self._expression(argument) for argument in node.arguments]
        if cell is not None and len(arguments) == len(cell.function.parameters):
            cell.used = True
            if self._calls is not None:
                self._calls.append(cell)
            return function_call(cell, arguments)
        if cell is None and len(arguments) == 1:
            (argument,) = arguments
            if name in DOCUMENT_FUNCTIONS:
                access = DOCUMENT_FUNCTIONS[name]
                return lambda frame: access(frame.run.documents, argument(frame))
            if name == "debug":
                return debugging(argument)
        if cell is None and name in FUNCTIONS:
            return builtin_call(name, FUNCTIONS[name], arguments)
        self.report(Severity.WARNING, node.span, f"Invalid function name: {name}.")
        return failing(f"Function not found error: Name: [{name}].")

    def _method_call(self, node: MethodCall) -> Evaluator:
        name = node.name
        if isinstance(node.target, Name) and not self._is_variable(node.target.name):
            namespace = NAMESPACES.get(node.target.name)
            if namespace is not None:
                return self._namespace_call(node, f"{node.target.name}.{name}", namespace.get(name))
        if name == "bind":
            self._bound = node.target
        target = self._expression(node.target)
        arguments = [self._expression(argument) for argument in node.arguments]
        if name not in METHOD_NAMES:
            self.report(Severity.WARNING, node.span, f"Invalid function name: {name}.")
        return lambda frame: call_method(target(frame), name, [argument(frame) for argument in arguments])

    def _namespace_call(self, node: MethodCall, name: str, function: Builtin | None) -> Evaluator:
        arguments = [self._expression(argument) for argument in node.arguments]
        if function is not None:
            return builtin_call(name, function, arguments)
        self.report(Severity.WARNING, node.span, f"Invalid function name: {name}.")
        return failing(f"Function not found error: Name: [{name}].")

    def _path(self, node: PathLiteral) -> Evaluator:
        parts: list[str | Placeholder | Evaluator] = []
        for segment in node.segments:
            if isinstance(segment, str):
                parts.append(segment)
            elif isinstance(segment, Name) and not self._is_variable(segment.name):
                if node is not self._bound:
                    self.report(Severity.WARNING, segment.span, f"Invalid variable name: {segment.name}.")
                parts.append(Placeholder(segment.name))  # left open for bind()
            else:
                parts.append(self._expression(segment))
        return path_of(parts)
