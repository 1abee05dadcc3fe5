"""What can go wrong with rules: issues in their text, errors while a condition runs, limits that end a request."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad an issue is: rules with an ERROR are not accepted, a WARNING is only reported."""

    ERROR = "ERROR"
    WARNING = "WARNING"


@dataclass(frozen=True, slots=True, order=True)
class Issue:
    """One finding in the text of a ruleset; lines and columns count from 1, an issue of the whole file has 0, 0."""

    line: int
    column: int
    severity: Severity
    description: str

    def to_json(self) -> dict[str, object]:
        """The issue as the official emulator's `:securityRules` answers it."""
        return {
            "sourcePosition": {"line": self.line, "column": self.column},
            "severity": self.severity.value,
            "description": self.description,
        }

    def __str__(self) -> str:
        return f"{self.line}:{self.column} {self.severity.value} {self.description}"


class RulesSyntaxError(Exception):
    """The text is not a ruleset; `issues` holds at least one of severity ERROR."""

    def __init__(self, issues: list[Issue]) -> None:
        super().__init__("; ".join(str(issue) for issue in issues))
        self.issues = issues


class EvaluationError(Exception):
    """An expression has no value. `||` and `&&` may absorb it; reaching the top of a condition it denies like false."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.line = 0
        self.column = 0

    def locate(self, line: int, column: int) -> None:
        """Remember the innermost expression that failed; later, outer calls leave it alone."""
        if self.line == 0:
            self.line, self.column = line, column


class LimitExceededError(Exception):
    """The request used more expressions, calls or document accesses than production grants: it is denied as a whole."""
