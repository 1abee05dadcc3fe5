"""What operators are alerted about: a kind, an org, a day and figures, and nothing else.

An alert travels to a chat that more people read than the shop's own. So it has no free text: words come from closed
lists, figures are counts, and an org is named by its id. Documents are named in the org's own findings, not here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from lib.domain.ids import derived_id

_FACTS_MAX = 15
_ORG_LENGTH_MAX = 64


class AlertKind(StrEnum):
    """What has happened; `docs/OPERATIONS.md` says what to do about each."""

    AUDIT_VIOLATED = "audit_violated"
    AUDIT_FAILED = "audit_failed"
    AUDIT_MISSING = "audit_missing"
    EVENTS_LOST = "events_lost"
    SWEEP_BEHIND = "sweep_behind"
    RUN_FAILED = "run_failed"
    SYNC_DISCREPANT = "sync_discrepant"
    SYNC_FAILED = "sync_failed"
    DISCREPANCY = "discrepancy"
    POS_PULL_FAILING = "pos_pull_failing"
    POS_ORDERS_UNREADABLE = "pos_orders_unreadable"


TITLES: Mapping[AlertKind, str] = {
    AlertKind.AUDIT_VIOLATED: "The nightly audit found violations",
    AlertKind.AUDIT_FAILED: "The nightly audit failed",
    AlertKind.AUDIT_MISSING: "The nightly audit has not been done",
    AlertKind.EVENTS_LOST: "Many order events did not arrive",
    AlertKind.SWEEP_BEHIND: "The catch-up sweep of orders is behind",
    AlertKind.RUN_FAILED: "A run has failed and waits to be resumed",
    AlertKind.SYNC_DISCREPANT: "The sync with Alpine IQ found differences",
    AlertKind.SYNC_FAILED: "The sync with Alpine IQ failed",
    AlertKind.DISCREPANCY: "A customer's points differ from Alpine IQ's",
    AlertKind.POS_PULL_FAILING: "The point of sale cannot be read",
    AlertKind.POS_ORDERS_UNREADABLE: "Orders of the point of sale cannot be decided",
}


@dataclass(frozen=True, slots=True)
class Alert:
    """`org_id` None: it concerns the whole deployment. `day`: the date it is raised once for, of the org or of UTC.
    `facts`: figures by what they count, such as an invariant's id."""

    kind: AlertKind
    org_id: str | None
    day: date
    facts: Mapping[str, int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The same for every alert of this kind, org and day."""
        return derived_id("alert", self.kind, self.org_id or "", self.day.isoformat())

    @property
    def title(self) -> str:
        """A sentence for people."""
        return TITLES[self.kind]

    @property
    def subject(self) -> str:
        """Whom it concerns, short enough for any chat."""
        return self.org_id[:_ORG_LENGTH_MAX] if self.org_id else "all orgs"

    @property
    def figures(self) -> list[tuple[str, int]]:
        """The facts that there is room for, in their own order."""
        return list(self.facts.items())[:_FACTS_MAX]
