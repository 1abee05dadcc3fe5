"""Checks a customer's spend by month against the orders that count."""

from collections.abc import Iterator, Sequence

from lib.domain.invariants.programme import Programme
from lib.domain.invariants.standing import month_of
from lib.domain.invariants.violations import Document, Invariant, Violation

# The widest window of a tier policy and the month before it; older months may be there still or not any more.
_KEPT_MONTHS = 37


def check_months(customer: Document, accruals: Sequence[Document], programme: Programme) -> Iterator[Violation]:
    """`monthlySpend` of a customer who has brought no spend along, where the shop has not changed its time zone since.

    `accruals` are all records that name the customer, of their declared shape.
    """
    account, at = customer.fields["loyalty"], customer.fields["pointsLastCalculated"]
    stored = account.get("monthlySpend")
    zones = {settings.time_zone for settings in programme.versions_at(at)}
    if stored is None or account["opening"]["lastOrderAt"] or len(zones) != 1:
        return
    zone = zones.pop()
    oldest = month_of(at, zone, _KEPT_MONTHS - 1)
    spent: dict[str, int] = {}
    for record in (accrual.fields for accrual in accruals if accrual.fields["orderedAt"]):
        month = month_of(record["orderedAt"], zone)
        spent[month] = spent.get(month, 0) + record["spendCents"]
    wanted = {month: cents for month, cents in sorted(spent.items()) if month >= oldest and cents}
    found = {month: cents for month, cents in sorted(stored.items()) if month >= oldest}
    if wanted != found:
        yield Violation(Invariant.CUSTOMER_MONTHS, customer.path, f"loyalty.monthlySpend {wanted}", f"{found}")
