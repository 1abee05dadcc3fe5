"""Who a customer is: identity keys, the ids of identity and customer documents, and the ids others have given them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from lib.domain.birth_dates import birthday_month_day
from lib.domain.contacts import (
    is_placeholder_email,
    normalise_email,
    normalise_phone,
    phone_digits,
    phone_last4,
    phone_variants,
)
from lib.domain.ids import derived_id, id_part, is_id

__all__ = [
    "IdentityKey",
    "IdentityKind",
    "birthday_month_day",
    "customer_id_for",
    "identity_id",
    "is_placeholder_email",
    "is_self_made",
    "legacy_customer_ids",
    "normalise_email",
    "normalise_phone",
    "normalise_pos_id",
    "phone_digits",
    "phone_last4",
    "phone_variants",
    "placeholder_email",
]


class IdentityKind(StrEnum):
    """What a customer can be recognised by, in the order in which a new customer's document is named after it."""

    POS = "pos"
    UID = "uid"
    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class IdentityKey:
    """One thing a customer is recognised by. `value` is normalised: E.164, lower-case address, POS id, Firebase uid."""

    kind: IdentityKind
    value: str


# What the POS sync writes where a sale has no customer.
_NO_POS_CUSTOMER = "alleaves_customer"
_FIREBASE_UID = re.compile(r"[A-Za-z0-9]{28}")


def normalise_pos_id(raw: object) -> str | None:
    """The POS customer id of 123, "123" or "cid_123" (as `customers.alleavesCustomerId` holds it), else None."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)
    value = raw.strip().removeprefix("cid_") if isinstance(raw, str) else ""
    return value if value and value != _NO_POS_CUSTOMER else None


def identity_id(org_id: str, key: IdentityKey) -> str:
    """The id of the key's document under the tenant, `kind:hash`. Hashed with the org, so that ids neither show
    personal data nor can be compared between orgs."""
    return f"{key.kind}:{derived_id('identity', org_id, key.kind, key.value)}"


def customer_id_for(org_id: str, keys: Iterable[IdentityKey]) -> str:
    """The id of the document to create for a new customer with these keys, from the strongest one.

    `{org}_{posId}`, `{org}_{uid}`, `{org}_phone_{digits with country code}` as the dashboard has them, or
    `{org}_email_{hash}`. Raises ValueError without a key.
    """
    strength = list(IdentityKind)
    key = min(keys, key=lambda candidate: strength.index(candidate.kind))
    if key.kind is IdentityKind.PHONE:
        return f"{org_id}_phone_{phone_digits(key.value)}"
    if key.kind is IdentityKind.EMAIL:
        return f"{org_id}_email_{derived_id(org_id, key.value)}"
    # POS ids are numbers; a uid made of digits only must not name the POS customer of that number.
    if key.kind is IdentityKind.UID and key.value.isdigit():
        return f"{org_id}_uid_{key.value}"
    return f"{org_id}_{id_part(key.value)}"


def legacy_customer_ids(org_id: str, key: IdentityKey) -> tuple[str, ...]:
    """Ids under which the customer document may already exist: ours first, then those that others have given.

    Two are left out on purpose: `alleaves_{n}` names no org, and `{uid}` is a document its owner can write, points
    included. A document found under such an id counts only if it carries this org's `orgId`.
    """
    ids = [customer_id_for(org_id, [key])]
    if key.kind is IdentityKind.POS:
        ids += [f"{org_id}_{key.value}", f"{org_id}_alleaves_{key.value}"]
    elif key.kind is IdentityKind.UID:
        ids.append(f"{org_id}_{key.value}")
    elif key.kind is IdentityKind.PHONE:
        ids.append(f"{org_id}_phone_{phone_digits(key.value)[-10:]}")
    return tuple(candidate for candidate in dict.fromkeys(ids) if is_id(candidate))


def is_self_made(customer_id: str) -> bool:
    """Whether a customer document is named after a Firebase uid. The dashboard's rules let its owner write all of it,
    points, org and address included, so it proves nothing about anybody."""
    return _FIREBASE_UID.fullmatch(customer_id) is not None


def placeholder_email(org_id: str, key: IdentityKey) -> str:
    """The address written for a customer without one, because the dashboard's list drops documents that have none.

    `customer_{posId}@alleaves.local` as the POS sync makes it; a hash stands in for any other key. Never mailed.
    """
    is_plain = key.kind is IdentityKind.POS and key.value.isascii() and key.value.isalnum() and len(key.value) <= 40
    name = key.value.lower() if is_plain else derived_id("email", org_id, key.kind, key.value)
    return f"customer_{name}@alleaves.local"
