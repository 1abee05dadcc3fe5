"""Checks redemptions against the ledger entries they caused: each step once, each figure the same on both sides."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from lib.domain.invariants import shapes
from lib.domain.invariants.entries import collects_debt
from lib.domain.invariants.ledger import LedgerReader
from lib.domain.invariants.shapes import misshapen
from lib.domain.invariants.violations import Document, Fact, Fields, Invariant, Violation, differing

_PART = shapes.mapping({"id": shapes.TEXT, "expiresAt": shapes.optional(shapes.INSTANT), "reserved": shapes.POSITIVE})

REDEMPTION_SHAPE: shapes.Shape = {
    **dict.fromkeys(("id", "orgId", "customerId", "orderId", "rewardTierId"), shapes.TEXT),
    "state": shapes.one_of("held", "captured", "voided", "expired"),
    **dict.fromkeys(("points", "rewardValueCents"), shapes.POSITIVE),
    **dict.fromkeys(("capturedPoints", "capturedValueCents"), shapes.NATURAL),
    **dict.fromkeys(("rewardValue", "capturedValue"), shapes.NUMBER),
    "allocation": shapes.listing(_PART),
    **dict.fromkeys(("heldAt", "expiresAt"), shapes.INSTANT),
    **dict.fromkeys(("capturedAt", "voidedAt", "reinstatedAt"), shapes.optional(shapes.INSTANT)),
    "seqs": shapes.listing(shapes.POSITIVE),
}


def check_redemptions(
    org_id: str, customer: Document, ledger: LedgerReader, redemptions: Sequence[Document]
) -> Iterator[Violation]:
    """All redemptions of one customer, already of their declared shape, against the customer's closed ledger."""
    for redemption in redemptions:
        entries = [entry for entry in ledger.by_source["redemption", redemption.id] if not collects_debt(entry.fields)]
        yield from _check_steps(redemption, entries)
        yield from _check_value(redemption)
    held = sum(found.fields["points"] for found in redemptions if found.fields["state"] == "held")
    if held != ledger.reserved:
        wanted = f"{held} points reserved, the sum of its open holds"
        yield Violation(Invariant.REDEMPTION_RESERVED, customer.path, wanted, str(ledger.reserved))
    known = {redemption.id for redemption in redemptions}
    for source_type, source_id in ledger.by_source:
        if source_type == "redemption" and source_id not in known:
            path = f"tenants/{org_id}/redemptions/{source_id}"
            yield Violation(Invariant.REDEMPTION_KNOWN, path, "the redemption its ledger entries name", "none")


def check_open_holds(redemptions: Iterable[Document], at: datetime) -> Iterator[Violation]:
    """At most one hold of an order may still be captured at `at`; `redemptions` are all that an org holds."""
    open_by_order: defaultdict[str, list[Document]] = defaultdict(list)
    for redemption in redemptions:
        if not misshapen(redemption, REDEMPTION_SHAPE) and redemption.fields["expiresAt"] > at:
            open_by_order[redemption.fields["orderId"]].append(redemption)
    for order_id, holds in open_by_order.items():
        for extra in sorted(holds, key=lambda hold: (hold.fields["heldAt"], hold.id))[1:]:
            yield Violation(
                Invariant.REDEMPTION_ONE_HOLD, extra.path, f"one open hold for order {order_id}", f"{len(holds)}"
            )


def check_returned(redemption: Document) -> Iterator[Violation]:
    """A redemption whose order is cancelled or refunded, once that has been worked: everything has gone back."""
    fields = redemption.fields
    if fields["state"] == "held" or (fields["state"] == "captured" and fields["reinstatedAt"] is None):
        yield Violation(
            Invariant.REDEMPTION_RETURNED, redemption.path, "given back: its order was returned", fields["state"]
        )


def _steps(fields: Fields) -> list[str]:
    after_hold = {"held": [], "captured": ["capture"], "voided": ["void"], "expired": ["void"]}[fields["state"]]
    return ["hold", *after_hold, *(["reinstate"] if fields["reinstatedAt"] else [])]


def _check_steps(redemption: Document, entries: list[Document]) -> Iterator[Violation]:
    fields, wanted = redemption.fields, _steps(redemption.fields)
    found = [entry.fields["kind"] for entry in entries]
    stamped = {name: fields[name] is not None for name in ("capturedAt", "voidedAt")}
    due = {"capturedAt": fields["state"] == "captured", "voidedAt": fields["state"] in ("voided", "expired")}
    if found != wanted or stamped != due or (fields["reinstatedAt"] and fields["state"] != "captured"):
        dates = ", ".join(name for name, is_set in stamped.items() if is_set)
        yield Violation(
            Invariant.REDEMPTION_STATE,
            redemption.path,
            f"the entries {wanted} of a redemption that is {fields['state']}",
            f"{found} and the dates [{dates}]",
        )
        return
    yield from _check_figures(redemption, {entry.fields["kind"]: entry.fields for entry in entries})


def _check_figures(redemption: Document, by_kind: dict[str, Fields]) -> Iterator[Violation]:
    fields, hold = redemption.fields, by_kind["hold"]
    allocation = [(part["id"], part["expiresAt"], part["reserved"]) for part in fields["allocation"]]
    set_aside = [(part["id"], part["expiresAt"], part["reserved"]) for part in hold["lots"]]
    facts: list[Fact] = [
        ("seqs", [entry["seq"] for entry in by_kind.values()], fields["seqs"]),
        ("points", hold["reserved"], fields["points"]),
        ("allocation", set_aside, allocation),
    ]
    if "capture" in by_kind:
        capture = by_kind["capture"]
        facts.append(("capturedPoints", -capture["reserved"] - capture["points"], fields["capturedPoints"]))
        facts.append(("points taken from the hold", -capture["reserved"], fields["points"]))
    else:
        facts.append(("capturedPoints", 0, fields["capturedPoints"]))
    if "void" in by_kind:
        facts.append(("points given back", by_kind["void"]["points"], fields["points"]))
    if "reinstate" in by_kind:
        facts.append(("points reinstated", by_kind["reinstate"]["points"], fields["capturedPoints"]))
        facts.append(("lots reinstated", _gained(by_kind["reinstate"]), _lost(by_kind["capture"])))
    yield from differing(Invariant.REDEMPTION_FIGURES, redemption.path, facts)


def _gained(entry: Fields) -> dict[str, int]:
    return {part["id"]: part["points"] for part in entry["lots"] if part["points"]}


def _lost(entry: Fields) -> dict[str, int]:
    return {part["id"]: -part["points"] for part in entry["lots"] if part["points"]}


def _check_value(redemption: Document) -> Iterator[Violation]:
    fields = redemption.fields
    share = fields["rewardValueCents"] * fields["capturedPoints"] // fields["points"]
    facts: list[Fact] = [
        ("capturedValueCents", share, fields["capturedValueCents"]),
        ("rewardValue", fields["rewardValueCents"], round(fields["rewardValue"] * 100)),
        ("capturedValue", fields["capturedValueCents"], round(fields["capturedValue"] * 100)),
    ]
    if fields["capturedPoints"] > fields["points"]:
        facts.append(("most points captured", fields["points"], fields["capturedPoints"]))
    yield from differing(Invariant.REDEMPTION_VALUE, redemption.path, facts)
