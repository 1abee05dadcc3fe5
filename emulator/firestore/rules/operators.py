"""The binary operators of the rules language: equality, order and membership here, arithmetic from its own file."""

from collections.abc import Callable

from emulator.firestore.rules.arithmetic import add, divide, modulo, multiply, subtract
from emulator.firestore.rules.constraints import Constraint, comparable, compare, undecided
from emulator.firestore.rules.type_names import unsupported
from emulator.firestore.rules.values import PartialMap, RulesSet, Value, equal


def equals(left: Value, right: Value) -> bool:
    """`==`, also for what a query's constraints tell of a document."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Constraint):
            return _decide(one, "==", other)
        if isinstance(one, PartialMap):
            if isinstance(other, PartialMap | Constraint | dict):
                raise undecided()
            return False
    return equal(left, right)


def differs(left: Value, right: Value) -> bool:
    """`!=`."""
    if isinstance(left, Constraint):
        return _decide(left, "!=", right)
    if isinstance(right, Constraint):
        return _decide(right, "!=", left)
    return not equals(left, right)


_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _ordering(operator: str, test: Callable[[int], bool]) -> Callable[[Value, Value], bool]:
    def evaluate(left: Value, right: Value) -> bool:
        if isinstance(left, Constraint):
            return _decide(left, operator, right)
        if isinstance(right, Constraint):
            return _decide(right, _MIRRORED[operator], left)
        if not comparable(left, right):
            raise unsupported(operator, left, right)
        if left != left or right != right:
            return False  # NaN is neither before nor after anything
        return test(compare(left, right))

    return evaluate


def _decide(constraint: Constraint, operator: str, value: Value) -> bool:
    if isinstance(value, Constraint | PartialMap) or not constraint.implies(operator, value):
        raise undecided()
    return True


def contains(item: Value, container: Value) -> bool:
    """`item in container`: a list's or set's element, a map's key."""
    if isinstance(container, Constraint):
        if not container.contains(item):
            raise undecided()
        return True
    if isinstance(item, Constraint):
        if not item.is_one_of(container):
            raise undecided()
        return True
    if isinstance(container, list):
        return any(equals(item, candidate) for candidate in container)
    if isinstance(container, RulesSet) and not isinstance(item, PartialMap):
        return item in container
    if isinstance(container, dict) and isinstance(item, str):
        return item in container
    if isinstance(container, PartialMap) and isinstance(item, str):
        if item not in container.known:
            raise undecided()
        return True
    raise unsupported("in", item, container)


BINARY: dict[str, Callable[[Value, Value], Value]] = {
    "==": equals,
    "!=": differs,
    "<": _ordering("<", lambda order: order < 0),
    "<=": _ordering("<=", lambda order: order <= 0),
    ">": _ordering(">", lambda order: order > 0),
    ">=": _ordering(">=", lambda order: order >= 0),
    "in": contains,
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": modulo,
}
