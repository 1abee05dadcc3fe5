"""The shop's account at Alpine IQ, made up: which customers it knows, with how many points, and what must follow."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Any

from lib.domain.identity import IdentityKey, IdentityKind, identity_id, normalise_email, normalise_phone, phone_digits
from lib.domain.settings import DEFAULT_SETTINGS

# With fewer points a twentieth or a third is none.
_COMPARABLE_POINTS = 20
_UNTOLD_MAX = 3


class Fate(StrEnum):
    """What must come of comparing a member; the two open ones are named as the product names what hinders it."""

    AGREES = "agrees"
    OVERRIDDEN = "overridden"
    REDEEMED_HERE = "redeemed_here"
    OWES = "owes"


@dataclass(frozen=True, slots=True)
class Member:
    """A customer with the points of both sides. `reach`: the field of the contact that leads to the customer."""

    customer_id: str
    ours: int
    theirs: int
    fate: Fate
    reach: Mapping[str, str]

    @property
    def entered(self) -> int:
        """The points that the night must add or, negative, take."""
        return self.theirs - self.ours if self.fate is Fate.OVERRIDDEN else 0

    def contact(self) -> dict[str, Any]:
        """As Alpine IQ tells it."""
        return {"contactID": f"aiq-{self.customer_id}", "loyalty": True, "loyaltyPoints": self.theirs, **self.reach}


def members(org_id: str, customers: Mapping[str, Mapping[str, Any]], redeemed: Mapping[str, int]) -> Iterator[Member]:
    """The members among the customers, by their documents: most with our figure, some with another, some left out.

    `redeemed`: the points that each has spent here. Of a few of those Alpine IQ has not been told; it never heard of a
    debt; and of the others the first has zero there, some far more or far less, some a little more. Customers without
    an address or telephone number that is theirs alone are unknown to it.
    """
    places, untold, debtors = count(), 0, 0
    for customer_id, fields in sorted(customers.items()):
        if fields.get("archived") or not (reach := _reach(org_id, fields)):
            continue
        balances = fields["loyalty"]["balances"]
        ours, spent = max(0, balances["available"] + balances["reserved"] - balances["debt"]), redeemed[customer_id]
        if balances["debt"]:
            debtors += 1
            theirs, fate = (ours + balances["debt"], Fate.OWES) if debtors == 1 else (ours, Fate.AGREES)
        elif spent:
            # A tenth of their figure or less would be agreement.
            is_untold = untold < _UNTOLD_MAX and spent * 10 > ours + spent
            untold += is_untold
            theirs, fate = (ours + spent, Fate.REDEEMED_HERE) if is_untold else (ours, Fate.AGREES)
        elif ours < _COMPARABLE_POINTS:
            theirs, fate = ours, Fate.AGREES
        elif (figure := _figure(ours, next(places))) is not None:
            theirs, fate = figure
        else:
            continue
        yield Member(customer_id, ours, theirs, fate, reach)


def misjudged(members: Sequence[Member], compared: int, discrepancies: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Where a sync that compared so many customers, and left these discrepancies, did not what it must; in words."""
    judged = {each["customerId"]: _fate(each) for each in discrepancies}
    must = {each.customer_id: each.fate.value for each in members}
    for customer_id in sorted(judged.keys() | must.keys()):
        is_now, must_be = judged.get(customer_id, Fate.AGREES.value), must.get(customer_id, Fate.AGREES.value)
        if is_now != must_be:
            yield f"customer {customer_id}: with Alpine IQ {is_now}, expected {must_be}"
    if compared != len(members):
        yield f"customers compared with Alpine IQ: {compared}, expected {len(members)}"


def _fate(discrepancy: Mapping[str, Any]) -> str:
    return str(discrepancy["hindrance"] if discrepancy["state"] == "open" else discrepancy["resolution"])


def _figure(ours: int, place: int) -> tuple[int, Fate] | None:
    """What Alpine IQ has for the customer at this place of the list; None where it does not know the customer."""
    if place == 0:
        return 0, Fate.OVERRIDDEN
    match place % 20:
        case 1:
            return ours * 3 // 2, Fate.OVERRIDDEN
        case 11:
            return ours * 2 // 3, Fate.OVERRIDDEN
        case 2 | 12:
            return ours + ours // 20, Fate.AGREES
        case 3 | 13:
            return None
    return ours, Fate.AGREES


def _reach(org_id: str, fields: Mapping[str, Any]) -> dict[str, str]:
    """The customer's address, else telephone number, if it leads to this customer: a household's leads to one."""
    email, phone = normalise_email(fields.get("email")), normalise_phone(fields.get("phone"), DEFAULT_SETTINGS.country)
    own = fields["loyalty"]["identities"]
    if email and identity_id(org_id, IdentityKey(IdentityKind.EMAIL, email)) in own:
        return {"email": email}
    if phone and identity_id(org_id, IdentityKey(IdentityKind.PHONE, phone)) in own:
        return {"mobilePhone": phone_digits(phone)[-10:]}
    return {}
