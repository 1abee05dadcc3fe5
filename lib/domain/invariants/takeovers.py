"""Checks what keeping the balances of a shop that was taken over has taken back from its customers."""

from collections.abc import Iterable, Iterator

from lib.domain.invariants.ledger import LedgerReader
from lib.domain.invariants.violations import Document, Fields, Invariant, Violation


def check_takeovers(customer: Document, ledger: LedgerReader) -> Iterator[Violation]:
    """The entries that took points back when this customer was taken over, against what orders added with them: the
    stored balance itself must not be touched."""
    for entry in ledger.by_source.get(("takeover", customer.id), []):
        recorded_at = entry.fields["recordedAt"]
        added = _net(
            other.fields
            for (source, _), entries in ledger.by_source.items()
            for other in entries
            if source == "order" and other.fields["recordedAt"] == recorded_at
        )
        taken = -_net([entry.fields])
        if not 0 < taken <= added:
            wanted = f"1 to {added} points taken back, what orders added at {recorded_at}"
            yield Violation(Invariant.ACCRUAL_TAKEN_OVER, entry.path, wanted, f"{taken} points")


def _net(entries: Iterable[Fields]) -> int:
    return sum(entry["points"] + entry["pending"] - entry["debt"] for entry in entries)
