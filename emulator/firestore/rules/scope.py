"""Which function and which variable a name means at a place in a ruleset."""

from dataclasses import dataclass, field

from emulator.firestore.rules.evaluation import Evaluator
from emulator.firestore.rules.syntax import Function

# Production's limits on functions (firebase.google.com/docs/firestore/quotas#security_rules).
PARAMETERS_MAX = 7
LETS_MAX = 10


@dataclass(slots=True, eq=False)
class FunctionCell:
    """A declared function; lets and result are filled in once its body is compiled, so that order does not matter."""

    function: Function
    scope: "Scope"
    lets: list[Evaluator] = field(default_factory=list)
    result: Evaluator | None = None
    calls: list["FunctionCell"] = field(default_factory=list)
    used: bool = False


class Scope:
    """The functions and wildcards visible in a file, service or match block; inner ones hide outer ones."""

    def __init__(self, parent: "Scope | None" = None) -> None:
        self.parent = parent
        self.functions: dict[str, FunctionCell] = {}
        self.captures: dict[str, int] = dict(parent.captures) if parent else {}
        self.capture_count: int = parent.capture_count if parent else 0

    def add_capture(self, name: str) -> None:
        """Give the next wildcard along the match path its position."""
        self.captures[name] = self.capture_count
        self.capture_count += 1

    def find_function(self, name: str) -> FunctionCell | None:
        """The innermost function of this name."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.functions:
                return scope.functions[name]
            scope = scope.parent
        return None


def recursive_cells(cells: list[FunctionCell]) -> list[FunctionCell]:
    """The functions that can reach themselves by calls."""
    return [cell for cell in cells if _reaches(cell, cell)]


def _reaches(start: FunctionCell, target: FunctionCell) -> bool:
    pending, seen = list(start.calls), set[int]()
    while pending:
        cell = pending.pop()
        if cell is target:
            return True
        if id(cell) not in seen:
            seen.add(id(cell))
            pending += cell.calls
    return False
