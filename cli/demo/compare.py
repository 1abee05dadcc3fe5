"""Holds the stored customers against the expected figures: every person one customer, every balance to the point."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.cloud import firestore
from google.cloud.firestore import FieldFilter

from cli.demo.expected import Figures

_NOBODY = Figures(spend_cents=0, order_count=0, points=0, tier="")


@dataclass(frozen=True, slots=True)
class StoredCustomer:
    """A customer document as the dashboard reads it, and the debt that only the ledger knows."""

    points: int
    pending: int
    reserved: int
    debt: int
    spend_cents: int
    order_count: int
    tier: str
    segment: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What an org's documents say: customers by id, the customer of each order that counts, inbox reasons counted."""

    customers: Mapping[str, StoredCustomer]
    owners: Mapping[str, str]
    inbox: Mapping[str, int]


def read_stored(client: firestore.Client, org_id: str) -> Stored:
    """Reads an org's customers, accrual records and inbox; archived customers are left out."""
    ours = client.collection("customers").where(filter=FieldFilter("orgId", "==", org_id))
    customers = {found.id: found.to_dict() or {} for found in ours.stream()}
    tenant = client.document("tenants", org_id)
    accruals = tenant.collection("accruals").where(filter=FieldFilter("counted", "==", True)).select(["customerId"])
    inbox = tenant.collection("inbox").select(["reason"])
    return Stored(
        customers={key: _customer(fields) for key, fields in customers.items() if not fields.get("archived")},
        owners={found.id: found.to_dict()["customerId"] for found in accruals.stream()},
        inbox=Counter(found.to_dict().get("reason", "unknown") for found in inbox.stream()),
    )


def _customer(fields: Mapping[str, Any]) -> StoredCustomer:
    balances = fields["loyalty"]["balances"]
    return StoredCustomer(
        points=fields["points"],
        pending=balances["pending"],
        reserved=balances["reserved"],
        debt=balances["debt"],
        spend_cents=round(fields["totalSpent"] * 100),
        order_count=fields["orderCount"],
        tier=fields["tier"],
        segment=fields["segment"],
    )


def differences(
    stored: Stored, expected: Mapping[str, Figures], buyers: Mapping[str, str], gone: Mapping[str, int]
) -> Iterator[str]:
    """Every way in which the documents are not what they must be, in words.

    `expected` is by person, `buyers` says which person each order is, `gone` the points each customer
    has redeemed or lost to Alpine IQ's figure, less what that one has given.
    """
    customers_of: defaultdict[str, set[str]] = defaultdict(set)
    people_of: defaultdict[str, set[str]] = defaultdict(set)
    for order_id, customer_id in stored.owners.items():
        person = buyers.get(order_id)
        if person is None:
            yield f"order {order_id}: counts for {customer_id}, and nobody bought it"
            continue
        customers_of[person].add(customer_id)
        people_of[customer_id].add(person)
    for customer_id, people in people_of.items():
        if len(people) > 1:
            yield f"customer {customer_id}: holds the orders of {', '.join(sorted(people))}"
    for person in sorted(expected.keys() | customers_of.keys()):
        found = customers_of[person]
        if len(found) == 1:
            (customer_id,) = found
            wanted = expected.get(person, _NOBODY)
            yield from _figures(customer_id, stored.customers.get(customer_id), wanted, gone.get(customer_id, 0))
        else:
            yield f"person {person}: has {len(found)} customers instead of one ({', '.join(sorted(found))})"
    for customer_id in stored.customers.keys() - people_of.keys():
        wanted = Figures(0, 0, 0, tier=stored.customers[customer_id].tier)
        yield from _figures(customer_id, stored.customers[customer_id], wanted, gone.get(customer_id, 0))


def _figures(customer_id: str, found: StoredCustomer | None, wanted: Figures, gone: int) -> Iterator[str]:
    if found is None:
        yield f"customer {customer_id}: has no document"
        return
    facts = {
        "points and what is gone of them": (
            found.points + found.pending + found.reserved - found.debt + gone,
            wanted.points,
        ),
        "spend in cents": (found.spend_cents, wanted.spend_cents),
        "orders": (found.order_count, wanted.order_count),
        "tier": (found.tier, wanted.tier),
    }
    for name, (is_now, must_be) in facts.items():
        if is_now != must_be:
            yield f"customer {customer_id}: {name} {is_now}, expected {must_be}"
