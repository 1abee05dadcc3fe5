"""What a migration does, or would do, gathered member by member and told to people or as JSON."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from lib.domain.identity import IdentityKey
from lib.domain.takeover import BalanceChange
from lib.store import taking_over
from lib.store.taking_over import Visit

_SHOWN_MAX = 20
_TOLD = {
    "opened": "customers whose ledger is opened",
    "created": "customers made for orders that have none",
    "orders": "orders taken in",
    "pointsBefore": "points before",
    "pointsAfter": "points after",
    "carried": "points of orders that the stored balances contain",
    "compensated": "points that orders would have added and the rule takes back",
}


@dataclass(slots=True)
class Findings:
    """Everything seen so far. failed: members by the kind of what went wrong. order_ids: taken in."""

    counts: Counter[str] = field(default_factory=Counter)
    changes: list[BalanceChange] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    order_ids: set[str] = field(default_factory=set)
    _owners: defaultdict[IdentityKey, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, member_id: str, visits: Iterable[Visit]) -> None:
        """Takes down what came of a member."""
        for visit in visits:
            self._add(member_id, visit)

    def _add(self, member_id: str, visit: Visit) -> None:
        self.counts.update(taking_over.figures(visit))
        self.order_ids.update(visit.order_ids)
        if change := taking_over.balance_change(visit):
            self.changes.append(change)
        if visit.skipped and visit.customer_id:
            self.skipped[visit.customer_id] = visit.skipped.value
        if visit.kept:
            self.kept[member_id.partition(":")[2]] = visit.kept.value
        for key in visit.keys:
            if visit.customer_id:
                self._owners[key].add(visit.customer_id)

    @property
    def duplicates(self) -> dict[str, list[list[str]]]:
        """Customers that share a telephone number, an address or a till's id, however written; by the kind of it."""
        found: defaultdict[str, list[list[str]]] = defaultdict(list)
        for key, owners in self._owners.items():
            if len(owners) > 1:
                found[key.kind.value].append(sorted(owners))
        return {kind: sorted(groups) for kind, groups in sorted(found.items())}

    @property
    def largest(self) -> list[BalanceChange]:
        """The changes that matter most, those of balances before those that the rule keeps from being any."""
        return sorted(self.changes, key=lambda change: (-abs(change.after - change.before), -change.compensated))

    def as_json(self) -> dict[str, Any]:
        """Everything, plain."""
        return {
            "counts": dict(sorted(self.counts.items())),
            "changes": [
                {
                    "customerId": change.customer_id,
                    "before": change.before,
                    "after": change.after,
                    "compensated": change.compensated,
                    "orders": change.orders,
                    "why": change.why.value,
                }
                for change in self.largest
            ],
            "skipped": self.skipped,
            "ordersKept": self.kept,
            "duplicates": self.duplicates,
            "failed": self.failed,
        }


def show(console: Console, findings: Findings, title: str) -> None:
    """The findings, for people; ids only, and of long lists the beginning."""
    table = Table("what", "how many", title=title)
    for name, words in _TOLD.items():
        table.add_row(words, f"{findings.counts[name]:,}")
    console.print(table)
    _show_changes(console, findings.largest)
    _show_groups(console, "left alone", findings.skipped)
    _show_groups(console, "orders for a person to look at, in the inbox", findings.kept)
    for kind, groups in findings.duplicates.items():
        console.print(f"possible duplicates by {kind}, which are not merged: {len(groups):,}")
        for group in groups[:_SHOWN_MAX]:
            console.print(f"  {', '.join(group)}", markup=False)
    _show_groups(console, "could not be taken over", findings.failed)


def _show_changes(console: Console, changes: Sequence[BalanceChange]) -> None:
    moved = [change for change in changes if change.before != change.after]
    gained = sum(change.after - change.before for change in moved if change.after > change.before)
    lost = sum(change.before - change.after for change in moved if change.after < change.before)
    console.print(f"balances that move: {len(moved):,} (+{gained:,.10g}, -{lost:,.10g} points)")
    if not changes:
        return
    table = Table("customer", "points", "after", "orders would add", "orders", "why")
    for change in changes[:_SHOWN_MAX]:
        figures = (f"{change.before:,.10g}", f"{change.after:,}", f"{change.compensated:,}", str(change.orders))
        table.add_row(change.customer_id, *figures, change.why.value)
    console.print(table)


def _show_groups(console: Console, title: str, reasons: dict[str, str]) -> None:
    """Ids by their reason."""
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for name, reason in sorted(reasons.items()):
        by_reason[reason].append(name)
    for reason, names in sorted(by_reason.items()):
        console.print(f"{title}: {len(names):,} {reason} ({_some(names)})", markup=False)


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    rest = f", and {len(listed) - _SHOWN_MAX:,} more" if len(listed) > _SHOWN_MAX else ""
    return ", ".join(listed[:_SHOWN_MAX]) + rest
