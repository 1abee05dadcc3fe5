"""What we know of a customer, and the standing that the dashboard reads: points, tier and segment.

`Customer` is values only. Its `standing` is derived from the rest by `refreshed`, and stored so that lists can be
filtered and sorted by it; whatever else writes those fields, the next refresh puts them right.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from lib.domain import expiry
from lib.domain.countries import CountryCode
from lib.domain.identity import (
    IdentityKey,
    IdentityKind,
    identity_id,
    is_placeholder_email,
    normalise_email,
    normalise_phone,
    placeholder_email,
)
from lib.domain.ids import fingerprint, id_part
from lib.domain.ledger import Account, Actor, EntryKind, Journal, Memo, Source
from lib.domain.monthly_spend import MonthlySpend
from lib.domain.notices import Notice
from lib.domain.orders import Buyer
from lib.domain.segments import SpendStats
from lib.domain.settings import LoyaltySettings
from lib.domain.tier_holding import Holding, Spend

# Identity documents that can point to one customer. A till's catch-all profile sees thousands of telephone numbers.
IDENTITIES_MAX = 20


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach a customer, as far as known. `email` may be a placeholder; `phone` is E.164 when we wrote it."""

    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    display_name: str | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """What a customer had when the ledger was opened and no accrual record explains yet: points and counted orders.

    An order that is not younger than `stats.last_order_at` is part of these figures: recording it moves its share from
    here to the order instead of counting it twice.
    """

    points: int = 0
    stats: SpendStats = field(default_factory=SpendStats)


@dataclass(frozen=True, slots=True)
class Standing:
    """What readers see. `points` can be negative only where the org shows debt so. `qualifying_cents` is the spend that
    counts for a tier.

    The dates are when time alone next changes segment, points or tier, or there is something to tell of them; None for
    never. notices: what has just become worth telling.
    """

    points: int
    tier: str
    qualifying_cents: int
    tier_threshold_cents: int
    tier_progress_percent: int
    tier_updated_at: datetime
    segment: str
    segment_due_at: datetime | None
    points_due_at: datetime | None
    tier_due_at: datetime | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def due_at(self) -> datetime | None:
        """When time alone next does anything to the customer."""
        dues = (self.segment_due_at, self.points_due_at, self.tier_due_at)
        return min((due for due in dues if due), default=None)


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer of one org.

    stats: the counted orders, the opening's included. order_points: what orders have granted, net of clawbacks.
    opened: whether the ledger has taken this customer over; until then `opening` is what the document brings along.
    tier, segment: as stored; once opened, the ones we gave, whatever others write. segment_due_at: when time alone was
    to give another segment. expiry_warned_to: the latest expiry
    of points that there has been a notice of. holding: what else is remembered of the tier. monthly_spend: cents by
    month, None until they are kept (lib/domain/standing.py `prepared`). identities: ids of the identity documents that
    point here. spending_key: id of the customer's spending document. merged_into: the customer that has taken this
    one's place. standing: None until `refreshed`.
    """

    account: Account
    stats: SpendStats = field(default_factory=SpendStats)
    order_points: int = 0
    opening: Opening = Opening()
    opened: bool = False
    contact: Contact = Contact()
    pos_id: str | None = None
    equity: bool = False
    tier: str | None = None
    tier_updated_at: datetime | None = None
    segment: str | None = None
    segment_due_at: datetime | None = None
    expiry_warned_to: datetime | None = None
    holding: Holding = field(default_factory=Holding)
    monthly_spend: MonthlySpend | None = None
    identities: tuple[str, ...] = ()
    spending_key: str | None = None
    enrolled: bool = False
    merged_into: str | None = None
    standing: Standing | None = None

    @property
    def id(self) -> str:
        """The id of the customer document."""
        return self.account.customer_id

    @property
    def org_id(self) -> str:
        """The org whose customer this is."""
        return self.account.org_id

    @property
    def spend(self) -> Spend:
        """What the tier is judged by."""
        return Spend(self.stats.lifetime_cents, self.monthly_spend or {}, self.stats.last_order_at)


def contact_of(buyer: Buyer, region: CountryCode) -> Contact:
    """The contact an order tells, normalised; the last word of a name is the family name."""
    first, _, last = (buyer.name or "").rpartition(" ")
    return Contact(
        email=normalise_email(buyer.email),
        phone=normalise_phone(buyer.phone, region),
        first_name=(first or last).strip() or None,
        last_name=last if first else None,
        display_name=buyer.name,
    )


@dataclass(frozen=True, slots=True)
class Introduction:
    """What an order tells about its customer: the keys it is recognised by and how to reach it.

    `new_keys` are those without an identity document: they will point to this customer. `overruled_id`: another
    customer, whom the order names although its buyer has been corrected since that was written there.
    """

    customer_id: str
    contact: Contact
    keys: tuple[IdentityKey, ...] = ()
    new_keys: tuple[IdentityKey, ...] = ()
    overruled_id: str | None = None


def introduced(customer: Customer, introduction: Introduction) -> Customer:
    """The customer with its gaps filled: contact, POS id, identities. What is known already stays as it is."""
    contact = filled_in(customer.contact, introduction.contact)
    if contact.email is None and introduction.keys:
        contact = replace(contact, email=placeholder_email(customer.org_id, introduction.keys[0]))
    pos_ids = (key.value for key in introduction.keys if key.kind is IdentityKind.POS)
    linked = (identity_id(customer.org_id, key) for key in introduction.new_keys)
    return replace(
        customer,
        contact=contact,
        pos_id=customer.pos_id or next(pos_ids, None),
        identities=tuple(dict.fromkeys((*customer.identities, *linked))),
    )


def known_keys(customer: Customer, region: CountryCode) -> tuple[IdentityKey, ...]:
    """What the customer's own document says it can be recognised by."""
    found = (
        (IdentityKind.POS, customer.pos_id),
        (IdentityKind.EMAIL, normalise_email(customer.contact.email)),
        (IdentityKind.PHONE, normalise_phone(customer.contact.phone, region)),
    )
    return tuple(IdentityKey(kind, value) for kind, value in found if value)


def spending_key(customer: Customer) -> str | None:
    """The id of the spending document: the real e-mail address, else the POS customer; None for neither.

    Only what leads to this customer and no other: two customers must not share the document.
    """
    email = normalise_email(customer.contact.email)
    if email and "/" not in email and _is_linked(customer, IdentityKey(IdentityKind.EMAIL, email)):
        return email
    if customer.pos_id and _is_linked(customer, IdentityKey(IdentityKind.POS, customer.pos_id)):
        return f"cid_{id_part(customer.pos_id)}"
    return None


def _is_linked(customer: Customer, key: IdentityKey) -> bool:
    return identity_id(customer.org_id, key) in customer.identities


def journal_of(customer: Customer, settings: LoyaltySettings, now: datetime) -> Journal:
    """A journal for this customer's ledger, aged: what time alone has done by `now` is its first entries, so that
    nobody spends points that have expired a minute ago.

    Points found on a customer the ledger has not opened yet come before, as one entry: nobody's balance moves.
    """
    journal = Journal(customer.account, now, expiry.expired_to(settings, now))
    if not customer.opened and customer.opening.points > 0:
        key = f"opening:{customer.id}"
        memo = Memo(
            source=Source("opening", customer.id),
            key=key,
            fingerprint=fingerprint([key, customer.opening.points]),
            rule_version=settings.rule_version,
            reason="balance carried over when the ledger was opened",
            actor=Actor("system", "ledger"),
            occurred_at=now,
        )
        journal.credit(EntryKind.ADJUST, customer.opening.points, None, memo)
    journal.age(settings.rule_version)
    return journal


def filled_in(contact: Contact, found: Contact) -> Contact:
    """The contact with its gaps filled from `found`; what somebody entered is never overwritten.

    A placeholder address is a gap. A name is one thing: its parts are taken together or not at all.
    """
    named = contact.first_name or contact.last_name or contact.display_name
    names = contact if named else found
    real_email = None if is_placeholder_email(contact.email) else contact.email
    return Contact(
        email=real_email or found.email or contact.email,
        phone=contact.phone or found.phone,
        first_name=names.first_name,
        last_name=names.last_name,
        display_name=names.display_name,
    )
