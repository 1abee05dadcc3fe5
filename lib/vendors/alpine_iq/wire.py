"""Alpine IQ's JSON: what it tells of contacts, wallets and changed balances, and the sale it is told of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import AliasChoices, Field

from lib.domain.money import dollars
from lib.vendors.fields import Cents, Flag, Instant, Points, Record, Text


class Contact(Record):
    """A contact of an account. Points None: it did not say; 0: it has none. Telephone numbers as they write them."""

    contact_id: Text = Field(None, validation_alias=AliasChoices("contactID", "universalID", "id"))
    src_id: Text = Field(None, validation_alias="srcID")
    email: Text = None
    mobile_phone: Text = Field(None, validation_alias="mobilePhone")
    first_name: Text = Field(None, validation_alias="firstName")
    last_name: Text = Field(None, validation_alias="lastName")
    loyalty: Flag = None
    """Whether the contact is a member of the loyalty programme."""
    loyalty_points: Points = Field(None, validation_alias="loyaltyPoints")
    loyalty_tier: Text = Field(None, validation_alias="loyaltyTier")
    spent_cents: Cents = Field(None, validation_alias="spent")
    refer_code: Text = Field(None, validation_alias="referCode")
    last_visit: Instant = Field(None, validation_alias="lastVisit")
    last_purchase: Instant = Field(None, validation_alias="lastPurchase")


class DiscountTemplate(Record):
    """A discount that points buy."""

    template_id: Text = Field(None, validation_alias="id")
    name: Text = None
    points_deduction: Points = Field(None, validation_alias="pointsDeduction")
    available: Flag = None
    expiration: Instant = None


class Wallet(Record):
    """What a member can spend."""

    contact_id: Text = Field(None, validation_alias="contactID")
    points: Points = Field(None, validation_alias=AliasChoices("loyaltyPoints", "points"))
    tier: Text = Field(None, validation_alias=AliasChoices("tier", "loyaltyTier"))
    hide_points: Flag = Field(None, validation_alias="hidePointsInWallet")
    discount_templates: tuple[DiscountTemplate, ...] | None = Field(None, validation_alias="discountTemplates")


@dataclass(frozen=True, slots=True)
class Membership:
    """A member as the look-up tells it."""

    contact: Contact
    wallet: Wallet


class BalanceChange(Record):
    """One adjustment or redemption. Whose it is, is what counts: their fields are not documented."""

    contact_id: Text = Field(None, validation_alias=AliasChoices("contactID", "contactId", "contact_id", "universalID"))
    points: Points = Field(None, validation_alias=AliasChoices("value", "points", "pointsDeduction"))
    note: Text = None
    campaign_id: Text = Field(None, validation_alias="cmpID")
    at: Instant = Field(None, validation_alias=AliasChoices("ts", "timestamp", "createdAt"))


@dataclass(frozen=True, slots=True)
class Member:
    """Whom a sale or an enrolment is about; an e-mail address or a telephone number (10 digits) at least."""

    email: str = ""
    mobile_phone: str = ""
    first_name: str = ""
    last_name: str = ""

    def to_json(self) -> dict[str, str]:
        """Their names; what is not known is left out."""
        named = {
            "email": self.email,
            "mobilePhone": self.mobile_phone,
            "firstName": self.first_name,
            "lastName": self.last_name,
        }
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class SaleLine:
    """One line of a receipt; `price_cents` for one, `discount_cents` for the line."""

    sku: str
    name: str
    category: str
    price_cents: int
    quantity: int
    discount_cents: int = 0


@dataclass(frozen=True, slots=True)
class Sale:
    """A completed sale. `pos_id` is the order's id at the till; `at` with a time zone."""

    pos_id: str
    member: Member
    at: datetime
    total_cents: int
    lines: Sequence[SaleLine] = ()
    location: str = ""
    pos_user: str = ""
    pos_type: str = ""

    def to_json(self) -> dict[str, Any]:
        """Their form. No notification: what customers are told is ours to say."""
        visit: Mapping[str, Any] = {
            "pos_id": self.pos_id,
            "pos_user": self.pos_user,
            "pos_type": self.pos_type,
            "transaction_date": f"{self.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} +0000",
            "location": self.location,
            "visit_details_attributes": [_line(line) for line in self.lines],
            "transaction_total": dollars(self.total_cents),
            "send_notification": False,
        }
        return {"member": self.member.to_json(), "visit": visit}


def _line(line: SaleLine) -> dict[str, Any]:
    return {
        "sku": line.sku,
        "category": line.category,
        "name": line.name,
        "price": dollars(line.price_cents),
        "discount": dollars(line.discount_cents),
        "quantity": line.quantity,
    }
