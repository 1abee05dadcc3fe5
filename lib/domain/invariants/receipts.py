"""Checks the receipts of idempotent calls: each tells of a success, and of things that exist."""

from collections.abc import Collection, Iterator
from typing import Any

from lib.domain.invariants import shapes
from lib.domain.invariants.violations import Document, Invariant, Violation

RECEIPT_SHAPE: shapes.Shape = {
    "callable": shapes.TEXT,
    "fingerprint": shapes.DIGEST,
    "result": shapes.mapping({"ok": shapes.FLAG}),
    "createdAt": shapes.INSTANT,
    "actor": shapes.mapping({"type": shapes.TEXT, "id": shapes.TEXT}),
}


def redemption_of(receipt: Document) -> str | None:
    """The id of the redemption that a receipt of the declared shape tells of."""
    redemption: Any = receipt.fields["result"].get("redemption")
    return redemption.get("id") if isinstance(redemption, dict) else None


def check_receipt(receipt: Document, redemption_ids: Collection[str]) -> Iterator[Violation]:
    """A receipt of the declared shape; `redemption_ids` are those that exist among the ones receipts tell of."""
    if receipt.fields["result"]["ok"] is not True:
        yield Violation(Invariant.RECEIPT_RESULT, receipt.path, "a request that was carried out", "a refusal")
    redemption_id = redemption_of(receipt)
    if redemption_id is not None and redemption_id not in redemption_ids:
        yield Violation(Invariant.RECEIPT_RESULT, receipt.path, f"redemption {redemption_id}", "none")
