"""What an audit has looked at and what it has found."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from lib.domain.invariants.shapes import Shape, misshapen
from lib.domain.invariants.violations import Document, Violation

# A broken deployment can break every customer; a report need not hold them all to say so.
VIOLATIONS_MAX = 10_000


@dataclass(slots=True)
class Findings:
    """Documents checked by kind, violations, and what was left out by reason. Findings of parts add up with `add`.

    `matched`: documents that were also met by way of another one that leads to them, by kind.
    """

    checked: Counter[str] = field(default_factory=Counter)
    matched: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    violation_count: int = 0

    def found(self, violations: Iterable[Violation]) -> None:
        """Takes violations down; beyond `VIOLATIONS_MAX` they are only counted."""
        for violation in violations:
            self.violation_count += 1
            if len(self.violations) < VIOLATIONS_MAX:
                self.violations.append(violation)

    def well_formed(self, kind: str, documents: Iterable[Document], shape: Shape) -> list[Document]:
        """Counts the documents as checked, takes down those without their declared shape, returns the others."""
        sound: list[Document] = []
        for document in documents:
            self.checked[kind] += 1
            problems = misshapen(document, shape)
            self.found(problems)
            if not problems:
                sound.append(document)
        return sound

    def add(self, other: "Findings") -> None:
        """Adds the findings of a part."""
        self.checked += other.checked
        self.matched += other.matched
        self.left_out += other.left_out
        room = VIOLATIONS_MAX - len(self.violations)
        self.violations += other.violations[:room]
        self.violation_count += other.violation_count


@dataclass(frozen=True, slots=True)
class AuditReport:
    """An audit of these orgs as of `at` (UTC). Violations are in the order of their paths."""

    at: datetime
    org_ids: tuple[str, ...]
    findings: Findings

    @property
    def documents(self) -> int:
        """How many documents were checked. An audit that checked none has proved nothing."""
        return self.findings.checked.total()

    @property
    def violations(self) -> list[Violation]:
        """What was found, each once, at most `VIOLATIONS_MAX`."""
        return sorted(set(self.findings.violations), key=lambda violation: (violation.path, violation.invariant))

    @property
    def is_clean(self) -> bool:
        """Whether something was checked and nothing is wrong with it."""
        return self.documents > 0 and self.findings.violation_count == 0
