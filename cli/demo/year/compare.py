"""Holds what a year has left in the documents against the oracle's outcome for every customer, to the point."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from cli.demo.compare import Stored
from cli.demo.year.facts import Facts
from cli.demo.year.oracle import Outcome

_SUMS = (
    ("earned", "earned"),
    ("taken back", "taken_back"),
    ("released", "released"),
    ("expired", "expired"),
    ("redeemed", "redeemed"),
)


def differences(
    stored: Stored, facts: Facts, outcomes: Mapping[str, Outcome], buyers: Mapping[str, str]
) -> Iterator[str]:
    """Every customer that is not as the calendar has it, in words. `buyers` says which person each order is."""
    customers_of: defaultdict[str, set[str]] = defaultdict(set)
    for order_id, customer_id in facts.owners.items():
        if order_id in buyers:
            customers_of[buyers[order_id]].add(customer_id)
    for person, outcome in outcomes.items():
        found = {it for it in customers_of[person] if it in stored.customers}
        if len(found) == 1:
            yield from _of_customer(found.pop(), stored, facts, outcome)
        elif found or outcome.orders:
            # Nobody is left whose orders all turned out to be another's.
            yield f"person {person}: has {len(found)} customers instead of one ({', '.join(sorted(found))})"


def _of_customer(customer_id: str, stored: Stored, facts: Facts, outcome: Outcome) -> Iterator[str]:
    customer, points = stored.customers[customer_id], facts.points[customer_id]
    pairs = {
        "available": (customer.points, outcome.available),
        "pending": (customer.pending, outcome.pending),
        "held": (customer.reserved, outcome.held),
        "owed": (customer.debt, outcome.debt),
        "tier": (customer.tier, outcome.tier),
        **{name: (points[name], getattr(outcome, attribute)) for name, attribute in _SUMS},
    }
    for name, (is_now, must_be) in pairs.items():
        if is_now != must_be:
            yield f"customer {customer_id}: {name} {is_now}, expected {must_be}"
    if customer.segment not in outcome.segments:
        yield f"customer {customer_id}: segment {customer.segment}, expected {' or '.join(sorted(outcome.segments))}"
