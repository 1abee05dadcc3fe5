"""The state of one evaluation: the request's values, its document accesses, and the limits on both."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from emulator.firestore.rules.errors import EvaluationError, LimitExceededError
from emulator.firestore.rules.values import Path, Placeholder, Value

# Production's limits (firebase.google.com/docs/firestore/security/rules-conditions#access_calls and the quotas page).
OPERATION_ACCESSES_MAX = 10
MULTI_REQUEST_ACCESSES_MAX = 20
EXPRESSIONS_MAX = 1_000
CALL_DEPTH_MAX = 20


@dataclass(frozen=True, slots=True)
class Document:
    """A stored document as rules see it: `path` is `databases/{database}/documents/...`, `data` holds rules values."""

    path: str
    data: dict[str, Value]

    def to_value(self) -> dict[str, Value]:
        """The `resource` it is in rules: data, id and `__name__`."""
        name = Path.parse(self.path)
        return {"data": self.data, "id": name.segments[-1], "__name__": name}


class DocumentReader(Protocol):
    """How rules look at other documents; paths are `databases/{database}/documents/...`."""

    def get(self, path: str) -> Document | None:
        """The document before the request, None when there is none."""

    def get_after(self, path: str) -> Document | None:
        """The document as it would be after the request."""


class AccessBudget:
    """The document accesses of one request, shared by its operations; a document seen before costs nothing."""

    def __init__(self, accesses_max: int) -> None:
        self.accesses_max = accesses_max
        self.accesses = 0
        self.seen: dict[tuple[str, bool], dict[str, Value] | None] = {}

    @staticmethod
    def single() -> "AccessBudget":
        """For a request on one document, and for a query."""
        return AccessBudget(OPERATION_ACCESSES_MAX)

    @staticmethod
    def multi() -> "AccessBudget":
        """For a read of several documents, a batched write or a transaction; each operation keeps its own limit too."""
        return AccessBudget(MULTI_REQUEST_ACCESSES_MAX)


class DocumentAccess:
    """get() and its kin for one operation, counted against the operation's and the request's limit."""

    def __init__(self, reader: DocumentReader, database: str, budget: AccessBudget) -> None:
        self._reader = reader
        self._database = database
        self._budget = budget
        self.accesses = 0
        self.paths: list[str] = []

    def get(self, path: Value, after: bool) -> dict[str, Value] | None:
        """The resource at a rules path; raises EvaluationError when the path names no document of this database."""
        name = self._document_name(path)
        if name not in self.paths:
            self.paths.append(name)
        key = (name, after)
        if key not in self._budget.seen:
            self._count()
            document = self._reader.get_after(name) if after else self._reader.get(name)
            self._budget.seen[key] = document.to_value() if document else None
        return self._budget.seen[key]

    def candidate(self, path: str) -> dict[str, Value] | None:
        """The one document a query is about, as stored; it is the request's own and costs no access."""
        if path not in self.paths:
            self.paths.append(path)
        document = self._reader.get(path)
        return document.to_value() if document else None

    def _count(self) -> None:
        self.accesses += 1
        self._budget.accesses += 1
        if self.accesses > OPERATION_ACCESSES_MAX or self._budget.accesses > self._budget.accesses_max:
            raise LimitExceededError("Too many document access calls.")

    def _document_name(self, path: Value) -> str:
        if not isinstance(path, Path):
            raise EvaluationError("Document access needs a path.")
        for segment in path.segments:
            if isinstance(segment, Placeholder):
                raise EvaluationError(f"Path segment {segment.name} is not bound.")
            if not segment or "/" in segment:
                raise EvaluationError(f"Invalid path segment '{segment}'.")
        head = ("databases", self._database, "documents")
        if path.segments[:3] != head or len(path.segments) < 5 or len(path.segments) % 2 == 0:
            raise EvaluationError(f"{path} is not a document of this database.")
        return "/".join(str(segment) for segment in path.segments)


class Run:
    """What every expression of one evaluation can reach."""

    __slots__ = ("debug", "documents", "expressions", "request", "resource")

    def __init__(
        self, request: Value, resource: Value, documents: DocumentAccess, debug: Callable[[Value], None]
    ) -> None:
        self.request = request
        self.resource = resource
        self.documents = documents
        self.debug = debug
        self.expressions = 0


class Frame:
    """The variables of one condition or function call: the match's wildcards by position, the locals by position."""

    __slots__ = ("captures", "depth", "locals", "run")

    def __init__(self, run: Run, captures: tuple[Value, ...], values: list[Value], depth: int) -> None:
        self.run = run
        self.captures = captures
        self.locals = values
        self.depth = depth


Evaluator = Callable[[Frame], Value]

DOCUMENT_FUNCTIONS: dict[str, Callable[[DocumentAccess, Value], Value]] = {
    "get": lambda documents, path: documents.get(path, after=False),
    "getAfter": lambda documents, path: documents.get(path, after=True),
    "exists": lambda documents, path: documents.get(path, after=False) is not None,
    "existsAfter": lambda documents, path: documents.get(path, after=True) is not None,
}
