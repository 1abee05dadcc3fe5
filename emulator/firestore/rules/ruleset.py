"""A loaded ruleset: `parse` makes one from its text, `evaluate` decides a request with it."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from emulator.firestore.rules.compiler import NestedTooDeepError
from emulator.firestore.rules.coverage import Coverage
from emulator.firestore.rules.debug_text import debug_text
from emulator.firestore.rules.decision import AccessRequest, Decision, Method, Outcome, Tried
from emulator.firestore.rules.errors import EvaluationError, Issue, LimitExceededError, RulesSyntaxError, Severity
from emulator.firestore.rules.evaluation import AccessBudget, DocumentAccess, DocumentReader, Frame, Run
from emulator.firestore.rules.loader import CompiledAllow, CompiledMatch, Loader
from emulator.firestore.rules.parser import parse_file
from emulator.firestore.rules.patterns import Captures, Open, Segment, consume, covers
from emulator.firestore.rules.query import Query, TooManyWaysError, Way, document_named, evidence
from emulator.firestore.rules.values import PartialMap, Path, Value

DebugSink = Callable[[Value], None]
_log = logging.getLogger(__name__)


def _log_value(value: Value) -> None:
    _log.info("%s", debug_text(value))


def parse(source: str) -> "Ruleset":
    """The ruleset of a text; raises RulesSyntaxError with the issues when it is not one (warnings do not count)."""
    coverage = Coverage(source)
    loader = Loader(coverage)
    file = parse_file(source)
    try:
        matches = loader.load(file)
    except NestedTooDeepError as error:
        raise RulesSyntaxError([error.issue]) from None
    if any(issue.severity is Severity.ERROR for issue in loader.issues):
        raise RulesSyntaxError(loader.issues)
    return Ruleset(source, matches, coverage, tuple(loader.issues), 2 if file.version == "2" else 1)


@dataclass(frozen=True, slots=True)
class _Case:
    """What one evaluation sees of its document: all of it, or what a way of a query proves of each it may return."""

    segments: tuple[Segment, ...]
    request: Value
    resource: Value


class Ruleset:
    """Compiled rules. Evaluations share only the coverage counters, so a ruleset can serve any number of requests."""

    def __init__(
        self,
        source: str,
        matches: Sequence[CompiledMatch],
        coverage: Coverage,
        warnings: tuple[Issue, ...],
        version: int,
    ) -> None:
        self.source = source
        self.coverage = coverage
        self.warnings = warnings
        self._matches = matches
        self._version = version
        # In version 1 a recursive wildcard takes at least one segment, in version 2 none will do.
        self._recursive_min = 1 if version == 1 else 0

    def evaluate(
        self,
        request: AccessRequest,
        reader: DocumentReader,
        budget: AccessBudget | None = None,
        debug: DebugSink = _log_value,
    ) -> Decision:
        """Decide one operation.

        `budget` is shared by the operations of one batch or transaction (AccessBudget.multi()); without it the
        operation is a request of its own. Never raises for what the rules or the request contain: errors deny.
        """
        budget = budget or AccessBudget.single()
        if request.method is not Method.LIST:
            case = _document_case(request)
            return self._decide(request.method, case, DocumentAccess(reader, _database(request.path), budget), debug)
        if request.query is None:
            raise ValueError("A list needs its query.")
        documents = DocumentAccess(reader, _database(request.query.parent), budget)
        return self._decide_list(request, request.query, documents, debug)

    def _decide_list(
        self, request: AccessRequest, query: Query, documents: DocumentAccess, debug: DebugSink
    ) -> Decision:
        if self._version == 1 and query.spans_collections:
            return Decision(False, Method.LIST, (), 0, (), limit="Collection group queries need rules_version '2'.")
        try:
            ways = query.ways()
        except TooManyWaysError:
            return Decision(False, Method.LIST, (), 0, (), limit="Too many disjunctions in the query.")
        for position, way in enumerate(ways):
            case = _query_case(request, query, way, documents)
            decision = self._decide(Method.LIST, case, documents, debug, position)
            if not decision.allowed:
                break
        return decision

    def _decide(
        self, method: Method, case: _Case, documents: DocumentAccess, debug: DebugSink, way: int = 0
    ) -> Decision:
        run = Run(case.request, case.resource, documents, debug)
        tried: list[Tried] = []
        allowed, limit = False, None
        try:
            for match, captures in self._covering(case.segments):
                for allow in match.allows:
                    if method in allow.methods:
                        tried.append(_try(match, allow, Frame(run, captures, [], 0)))
                        allowed = tried[-1].outcome is Outcome.TRUE
                        if allowed:
                            break
                if allowed:
                    break
        except LimitExceededError as error:
            limit = str(error)
        except RecursionError:
            limit = "Evaluation is nested too deep."
        return Decision(allowed, method, tuple(tried), documents.accesses, tuple(documents.paths), limit, way)

    def _covering(self, segments: Sequence[Segment]) -> Iterator[tuple[CompiledMatch, Captures]]:
        return self._cover(self._matches, segments, 0, ())

    def _cover(
        self, matches: Sequence[CompiledMatch], segments: Sequence[Segment], start: int, captures: Captures
    ) -> Iterator[tuple[CompiledMatch, Captures]]:
        for match in matches:
            for end, extended in consume(match.pattern, segments, start, captures, self._recursive_min):
                if end == len(segments):
                    yield match, extended
                if match.matches:
                    yield from self._cover(match.matches, segments, end, extended)


def _try(match: CompiledMatch, allow: CompiledAllow, frame: Frame) -> Tried:
    if allow.condition is None:
        return Tried(match.path, allow.line, Outcome.TRUE)
    try:
        value = allow.condition(frame)
    except EvaluationError as error:
        return Tried(match.path, allow.line, Outcome.ERROR, error.message, error.line or allow.line, error.column)
    return Tried(match.path, allow.line, Outcome.TRUE if value is True else Outcome.FALSE)


def _database(path: str) -> str:
    """The database id in `databases/{database}/documents...`."""
    segments = path.split("/")
    if len(segments) < 3 or segments[0] != "databases" or segments[2] != "documents":
        raise ValueError(f"{path!r} does not begin with databases/{{database}}/documents")
    return segments[1]


def _common(request: AccessRequest) -> dict[str, Value]:
    auth = None if request.auth is None else {"uid": request.auth.uid, "token": request.auth.token}
    return {"auth": auth, "method": request.method.value, "time": request.time}


def _document_case(request: AccessRequest) -> _Case:
    segments = tuple(request.path.split("/"))
    values = _common(request)
    values["path"] = Path(segments)
    if request.method is not Method.GET:
        values["resource"] = request.after.to_value() if request.after else None
    return _Case(segments, values, request.before.to_value() if request.before else None)


def _query_case(request: AccessRequest, query: Query, way: Way, documents: DocumentAccess) -> _Case:
    values = _common(request)
    values["query"] = query.to_value()
    inside: list[Segment] = [*query.parent.split("/")]
    if query.spans_collections:
        inside.append(Open.MANY)
    inside += [query.collection_id or Open.ONE, Open.ONE]
    name = document_named(way)
    if name is not None and (path := name.text()) is not None and covers(inside, name):
        values["path"] = name
        return _Case(tuple(path.split("/")), values, documents.candidate(path))
    return _Case(tuple(inside), PartialMap(values), evidence(way))
