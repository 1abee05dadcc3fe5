"""Checks points of occasions (birthday, anniversary, welcome, win-back): each given once, and the record says when."""

import hashlib
import json
from collections.abc import Iterator, Mapping

from lib.domain.invariants import shapes
from lib.domain.invariants.ledger import LedgerReader
from lib.domain.invariants.violations import Document, Invariant, Violation

_KINDS = frozenset({"birthday", "anniversary", "welcome", "winback"})
# As many are remembered of a person; points of earlier ones have nothing to be compared with.
_REMEMBERED = 100

OCCASION_SHAPE: shapes.Shape = {
    **dict.fromkeys(("id", "orgId", "customerId", "kind"), shapes.TEXT),
    "keyType": shapes.one_of("customer", "phone", "email", "pos"),
    "had": shapes.table(shapes.INSTANT),
    "updatedAt": shapes.INSTANT,
}


def record_ids(org_id: str, customer: Document, ledger: LedgerReader) -> set[str]:
    """Ids of the records of whatever the customer has been given points for."""
    return {_record_id(org_id, kind, customer.id) for kind, _, _ in _bonuses(ledger)}


def check_occasions(
    org_id: str, customer: Document, ledger: LedgerReader, records: Mapping[str, Document]
) -> Iterator[Violation]:
    """Every bonus of an occasion against the customer's record of its kind, among `records` by id."""
    for kind, cause, entry in _bonuses(ledger):
        record = records.get(_record_id(org_id, kind, customer.id))
        had = record.fields["had"] if record else {}
        if entry.fields["key"] != f"{kind}:{cause}":
            yield Violation(Invariant.OCCASION_ONCE, entry.path, f"the key {kind}:{cause}", "another one")
        elif cause not in had and len(had) < _REMEMBERED:
            yield Violation(Invariant.OCCASION_ONCE, entry.path, f"a record of {kind} {cause}", "none")
        elif cause in had and had[cause] != entry.fields["recordedAt"]:
            wanted = f"given when the record has it, at {had[cause]}"
            yield Violation(Invariant.OCCASION_ONCE, entry.path, wanted, str(entry.fields["recordedAt"]))


def _bonuses(ledger: LedgerReader) -> Iterator[tuple[str, str, Document]]:
    for (kind, cause), entries in ledger.by_source.items():
        if kind in _KINDS:
            # A debt that was paid from them has an entry of the same source.
            yield from ((kind, cause, entry) for entry in entries if entry.fields["kind"] == "bonus")


def _record_id(org_id: str, kind: str, customer_id: str) -> str:
    parts = ["occasion", org_id, kind, "customer", customer_id]
    return hashlib.sha256(json.dumps(parts, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()[:32]
