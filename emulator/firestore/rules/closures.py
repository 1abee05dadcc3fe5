"""The closures expressions become: `&&` and `||` that absorb errors, calls, literals, and the count of outcomes."""

from collections.abc import Sequence

from emulator.firestore.rules.builtin import Builtin, check_arguments
from emulator.firestore.rules.constraints import Constraint, undecided
from emulator.firestore.rules.coverage import ExpressionCoverage
from emulator.firestore.rules.errors import EvaluationError, LimitExceededError
from emulator.firestore.rules.evaluation import CALL_DEPTH_MAX, EXPRESSIONS_MAX, Evaluator, Frame
from emulator.firestore.rules.scope import FunctionCell
from emulator.firestore.rules.type_names import type_name
from emulator.firestore.rules.values import UNKNOWN, PartialMap, Path, Placeholder, Value


def _not_boolean(value: Value) -> EvaluationError:
    return EvaluationError(f"Expected a bool, received {type_name(value)}.")


def require_bool(value: Value) -> bool:
    """The value, which must be a bool."""
    if value is True or value is False:
        return value
    raise _not_boolean(value)


def short_circuit(left: Evaluator, right: Evaluator, decisive: bool) -> Evaluator:
    """`||` (decisive True) or `&&` (decisive False): an operand with the decisive value decides, whatever the other is.

    The right operand is evaluated only when the left does not decide; an error or non-bool on the left is raised only
    when the right does not decide either.
    """

    def evaluate(frame: Frame) -> Value:
        failure: EvaluationError | None = None
        try:
            value = left(frame)
            if value is decisive:
                return decisive
            if value is not (not decisive):
                failure = _not_boolean(value)
        except EvaluationError as error:
            failure = error
        if failure is None:
            return require_bool(right(frame))
        try:
            if right(frame) is decisive:
                return decisive
        except EvaluationError:
            pass  # two errors: the first one is reported
        raise failure

    return evaluate


def negation(operand: Evaluator) -> Evaluator:
    """`!`."""
    return lambda frame: not require_bool(operand(frame))


def conditional(condition: Evaluator, then: Evaluator, otherwise: Evaluator) -> Evaluator:
    """`condition ? then : otherwise`: only the chosen branch is evaluated."""
    return lambda frame: then(frame) if require_bool(condition(frame)) else otherwise(frame)


def counted(inner: Evaluator, entry: ExpressionCoverage) -> Evaluator:
    """Records every outcome, counts the expression against its limit, and tells an error where it happened."""
    line, column = entry.span.line, entry.span.column

    def evaluate(frame: Frame) -> Value:
        run = frame.run
        run.expressions += 1
        if run.expressions > EXPRESSIONS_MAX:
            raise LimitExceededError("Too many expressions evaluated.")
        try:
            value = inner(frame)
        except EvaluationError as error:
            error.locate(line, column)
            entry.record_error(error.message)
            raise
        if value is True:
            entry.true_count += 1
        elif value is False:
            entry.false_count += 1
        else:
            entry.record(value)
        return value

    return evaluate


def function_call(cell: FunctionCell, arguments: Sequence[Evaluator]) -> Evaluator:
    """A call of a declared function: arguments, then each let, then the result; every one is evaluated once."""

    def evaluate(frame: Frame) -> Value:
        if frame.depth >= CALL_DEPTH_MAX:
            raise LimitExceededError("Function calls are nested too deep.")
        values = [argument(frame) for argument in arguments]
        inner = Frame(frame.run, frame.captures, values, frame.depth + 1)
        for let in cell.lets:
            values.append(let(inner))
        assert cell.result is not None, cell.function.name
        return cell.result(inner)

    return evaluate


def capture(name: str, position: int) -> Evaluator:
    """A wildcard's value, by its position along the match path."""

    def evaluate(frame: Frame) -> Value:
        value = frame.captures[position]
        if value is UNKNOWN:
            raise EvaluationError(f"Variable {name} is not known for every document of the query.")
        return value

    return evaluate


def failing(message: str) -> Evaluator:
    """An expression that can only fail, such as a variable that does not exist."""

    def evaluate(_frame: Frame) -> Value:
        raise EvaluationError(message)

    return evaluate


def debugging(argument: Evaluator) -> Evaluator:
    """`debug(argument)`: the argument's value, shown on the way."""

    def evaluate(frame: Frame) -> Value:
        value = argument(frame)
        frame.run.debug(value)
        return value

    return evaluate


def builtin_call(name: str, function: Builtin, arguments: Sequence[Evaluator]) -> Evaluator:
    """A call of a function the engine provides."""

    def evaluate(frame: Frame) -> Value:
        values = [argument(frame) for argument in arguments]
        check_arguments(name, function, values)
        return function.call(*values)

    return evaluate


def _whole(value: Value) -> Value:
    """The value, unless a query leaves part of it open: inside a list or map that part could no longer be told."""
    if isinstance(value, PartialMap | Constraint):
        raise undecided()
    return value


def list_of(items: Sequence[Evaluator]) -> Evaluator:
    """`[items]`."""
    return lambda frame: [_whole(item(frame)) for item in items]


def map_of(entries: Sequence[tuple[Evaluator, Evaluator]]) -> Evaluator:
    """`{key: value}`; the last of two equal keys counts."""

    def evaluate(frame: Frame) -> Value:
        result: dict[str, Value] = {}
        for key_of, value_of in entries:
            key = key_of(frame)
            if not isinstance(key, str):
                raise EvaluationError("The keys of a map are strings.")
            result[key] = _whole(value_of(frame))
        return result

    return evaluate


def path_of(parts: Sequence[str | Placeholder | Evaluator]) -> Evaluator:
    """`/literal/$(string or path)`."""

    def evaluate(frame: Frame) -> Value:
        segments: list[str | Placeholder] = []
        for part in parts:
            if isinstance(part, str | Placeholder):
                segments.append(part)
                continue
            value = part(frame)
            if isinstance(value, Path):
                segments.extend(value.segments)
            elif isinstance(value, str):
                segments.append(value)
            else:
                raise EvaluationError("A path segment is a string or a path.")
        return Path(tuple(segments))

    return evaluate
