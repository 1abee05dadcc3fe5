"""From a syntax tree to compiled match blocks, with every finding on the way."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from emulator.firestore.rules.compiler import Compiler
from emulator.firestore.rules.coverage import Coverage
from emulator.firestore.rules.decision import METHODS_OF, Method
from emulator.firestore.rules.errors import Issue, Severity
from emulator.firestore.rules.evaluation import Evaluator
from emulator.firestore.rules.patterns import Pattern, pattern_text
from emulator.firestore.rules.scope import LETS_MAX, PARAMETERS_MAX, FunctionCell, Scope, recursive_cells
from emulator.firestore.rules.syntax import Allow, Function, Match, RulesFile, Span, Wildcard

SERVICE = "cloud.firestore"
# Production's limits on match blocks (firebase.google.com/docs/firestore/quotas#security_rules).
MATCH_DEPTH_MAX = 10
PATH_SEGMENTS_MAX = 100
CAPTURES_MAX = 20


@dataclass(frozen=True, slots=True)
class CompiledAllow:
    """An allow statement: `condition` None allows always."""

    line: int
    methods: frozenset[Method]
    condition: Evaluator | None


@dataclass(slots=True)
class CompiledMatch:
    """A match block; `path` is its whole pattern from the service on, `pattern` only its own part."""

    pattern: Pattern
    path: str
    allows: list[CompiledAllow] = field(default_factory=list)
    matches: list["CompiledMatch"] = field(default_factory=list)


class Loader:
    """Compiles one file; `issues` is complete after `load`, and nothing may be evaluated when it holds an ERROR."""

    def __init__(self, coverage: Coverage) -> None:
        self._compiler = Compiler(coverage)
        self._cells: list[FunctionCell] = []
        self._version = "1"

    @property
    def issues(self) -> list[Issue]:
        """Every finding, in source order."""
        return sorted(self._compiler.issues)

    def load(self, file: RulesFile) -> list[CompiledMatch]:
        """The match blocks of the Firestore service, compiled."""
        self._check_version(file)
        scope = self._declare(file.functions, Scope())
        self._compile_functions(scope)
        compiled = []
        for service in file.services:
            inner = self._declare(service.functions, Scope(scope))
            self._compile_functions(inner)
            matches = [self._match(match, inner, "", 1) for match in service.matches]
            if service.name == SERVICE:
                compiled += matches
        if not any(service.name == SERVICE for service in file.services):
            self._warn(file.version_span, f"No service {SERVICE}: every request is denied.")
        self._check_functions()
        return compiled

    def _check_version(self, file: RulesFile) -> None:
        self._version = file.version or "1"
        if file.version not in (None, "1", "2"):
            self._error(file.version_span, f"Invalid rules_version '{file.version}'. Expected '1' or '2'.")
        elif file.version != "2":
            old = "Ruleset uses old version (version [1]). Please update to the latest version (version [2])."
            self._warn(Span(0, 0, 0, 0), old)

    def _declare(self, functions: tuple[Function, ...], scope: Scope) -> Scope:
        for function in functions:
            if function.name in scope.functions:
                self._error(function.span, f"Duplicate function: {function.name}.")
            cell = FunctionCell(function, scope)
            scope.functions[function.name] = cell
            self._cells.append(cell)
            self._check_limits(function)
        return scope

    def _check_limits(self, function: Function) -> None:
        if len(function.parameters) > PARAMETERS_MAX:
            self._error(function.span, f"Function {function.name} has more than {PARAMETERS_MAX} parameters.")
        if len(function.lets) > LETS_MAX:
            self._error(function.lets[LETS_MAX].span, f"Function {function.name} has more than {LETS_MAX} lets.")
        names = [*function.parameters, *[let.name for let in function.lets]]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._error(function.span, f"Duplicate variable {name} in function {function.name}.")

    def _compile_functions(self, scope: Scope) -> None:
        for cell in scope.functions.values():
            self._compiler.function(cell)

    def _check_functions(self) -> None:
        for cell in recursive_cells(self._cells):
            self._error(cell.function.span, f"Recursive call is not allowed: {cell.function.name}.")
        for cell in self._cells:
            if not cell.used:
                self._warn(cell.function.span, f"Unused function: {cell.function.name}.")

    def _match(self, match: Match, outer: Scope, parent_path: str, depth: int) -> CompiledMatch:
        self._check_pattern(match, depth)
        scope = Scope(outer)
        for wildcard in _wildcards(match):
            scope.add_capture(wildcard.name)
        path = parent_path + pattern_text(match.pattern)
        if path.count("/") > PATH_SEGMENTS_MAX:
            self._error(match.span, f"Match paths have more than {PATH_SEGMENTS_MAX} segments.")
        if scope.capture_count > CAPTURES_MAX:
            self._error(match.span, f"Match paths have more than {CAPTURES_MAX} wildcards.")
        self._declare(match.functions, scope)
        self._compile_functions(scope)
        compiled = CompiledMatch(match.pattern, path)
        compiled.matches = [self._match(inner, scope, path, depth + 1) for inner in match.matches]
        compiled.allows = [self._allow(allow, scope) for allow in match.allows]
        return compiled

    def _check_pattern(self, match: Match, depth: int) -> None:
        if depth > MATCH_DEPTH_MAX:
            self._error(match.span, f"Match statements are nested more than {MATCH_DEPTH_MAX} deep.")
        names = [wildcard.name for wildcard in _wildcards(match)]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self._error(match.span, f"Duplicate wildcard {{{name}}} in match statement.")
        if sum(wildcard.recursive for wildcard in _wildcards(match)) > 1:
            self._error(match.span, "A match statement takes one recursive wildcard at most.")
        if self._version == "1" and any(w.recursive for w in match.pattern[:-1] if isinstance(w, Wildcard)):
            self._error(match.span, "In rules_version '1' a recursive wildcard stands at the end of a match path.")

    def _allow(self, allow: Allow, scope: Scope) -> CompiledAllow:
        for name in allow.methods:
            if name not in METHODS_OF:
                self._error(allow.span, f"Invalid method: {name}. Expected one of: {', '.join(METHODS_OF)}.")
        if allow.missing_if:
            self._error(allow.span, "Missing 'if' before conditional expression.")
        methods = frozenset(method for name in allow.methods for method in METHODS_OF.get(name, ()))
        condition = self._compiler.condition(allow.condition, scope) if allow.condition is not None else None
        return CompiledAllow(allow.span.line, methods, condition)

    def _error(self, span: Span, description: str) -> None:
        self._compiler.report(Severity.ERROR, span, description)

    def _warn(self, span: Span, description: str) -> None:
        self._compiler.report(Severity.WARNING, span, description)


def _wildcards(match: Match) -> Iterator[Wildcard]:
    return (segment for segment in match.pattern if isinstance(segment, Wildcard))
