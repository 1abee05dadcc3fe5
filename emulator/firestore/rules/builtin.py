"""Functions the engine provides: how one is declared, and the check of a call's arguments against it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from emulator.firestore.rules.errors import EvaluationError
from emulator.firestore.rules.type_names import type_name
from emulator.firestore.rules.values import Value

# Exact types: bool is not an int here, and what a query leaves open (PartialMap, Constraint) is no map, list or string.
NUMBER = (int, float)


@dataclass(frozen=True, slots=True)
class Builtin:
    """A function or method; `parameters` holds the accepted types of each argument, () accepts every value."""

    call: Callable[..., Value]
    parameters: tuple[tuple[type, ...], ...] = ()


def builtin(call: Callable[..., Value], *parameters: type | tuple[type, ...]) -> Builtin:
    """A Builtin whose arguments each take one type or any of several."""
    return Builtin(call, tuple(p if isinstance(p, tuple) else (p,) for p in parameters))


def check_arguments(name: str, function: Builtin, arguments: Sequence[Value]) -> None:
    """Raise EvaluationError unless the arguments fit the function's parameters in number and type."""
    if len(arguments) != len(function.parameters):
        raise function_not_found(name)
    for argument, accepted in zip(arguments, function.parameters, strict=True):
        if accepted and type(argument) not in accepted:
            received = ", ".join(type_name(value) for value in arguments)
            raise EvaluationError(f"Unsupported operation error. Received: {name}({received}).")


def function_not_found(name: str) -> EvaluationError:
    """The error of a call to a function or method that does not exist for these arguments."""
    return EvaluationError(f"Function not found error: Name: [{name}].")
