"""What is asked of a ruleset and what it answers: the request, the decision, and the trace of how it came about."""

from dataclasses import dataclass, field
from enum import StrEnum

from emulator.firestore.rules.evaluation import Document
from emulator.firestore.rules.query import Query
from emulator.firestore.rules.values import Timestamp, Value


class Method(StrEnum):
    """What a request does to documents; `read` and `write` in rules stand for two and three of them."""

    GET = "get"
    LIST = "list"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


METHODS_OF: dict[str, frozenset[Method]] = {
    "read": frozenset({Method.GET, Method.LIST}),
    "write": frozenset({Method.CREATE, Method.UPDATE, Method.DELETE}),
    **{method.value: frozenset({method}) for method in Method},
}


@dataclass(frozen=True, slots=True)
class Auth:
    """The signed-in caller: `token` holds the claims of the ID token as JSON values (they are rules values as such)."""

    uid: str
    token: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One operation to decide.

    path: `databases/{database}/documents/...`; of a list it is ignored, its query says where it looks.
    before: the stored document (None when there is none); after: the document the write would leave, None otherwise.
    query: of a list only. time: `request.time`; server timestamps in `after` must have this value.
    """

    method: Method
    path: str
    auth: Auth | None
    time: Timestamp
    before: Document | None = None
    after: Document | None = None
    query: Query | None = None


class Outcome(StrEnum):
    """What the condition of an allow statement came to."""

    TRUE = "true"
    FALSE = "false"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Tried:
    """One allow statement whose match covers the path and whose methods include the request's."""

    match: str
    line: int
    outcome: Outcome
    message: str = ""
    error_line: int = 0
    error_column: int = 0

    def __str__(self) -> str:
        if self.outcome is not Outcome.ERROR:
            return f"{self.match} L{self.line}: {self.outcome.value}"
        return f"{self.match} L{self.line}: error at L{self.error_line}:{self.error_column}: {self.message}"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the request is allowed, and how that came about.

    tried: in source order, ending with the statement that allowed; of a denied list, those of the first way denied.
    way: of a list, which alternative of the query's filters `tried` is about (from 0).
    accesses: document accesses counted against the limits. documents: paths the decision depends on, beside its own.
    """

    allowed: bool
    method: Method
    tried: tuple[Tried, ...]
    accesses: int
    documents: tuple[str, ...]
    limit: str | None = None
    way: int = 0

    @property
    def decided_by(self) -> Tried | None:
        """The allow statement that let the request through."""
        return self.tried[-1] if self.allowed and self.tried else None

    def message(self) -> str:
        """Why it was denied, as the official emulator words it: `false for 'get' @ L5, Null value error. for ...`"""
        if self.limit:
            return f"{self.limit} for '{self.method.value}'"
        if not self.tried:
            return "No matching allow statements"
        return ", ".join(
            f"{tried.message if tried.outcome is Outcome.ERROR else tried.outcome.value} for "
            f"'{self.method.value}' @ L{tried.line}"
            for tried in self.tried
        )

    def trace(self) -> str:
        """One line an allow statement tried, for the server's log."""
        verdict = "allowed" if self.allowed else "denied"
        lines = [f"{self.method.value} {verdict}", *[f"  {tried}" for tried in self.tried]]
        if self.limit:
            lines.append(f"  {self.limit}")
        elif not self.tried:
            lines.append("  no allow statement covers the path and method")
        return "\n".join(lines)
