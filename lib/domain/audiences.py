"""Whom a campaign is for: customers by segment, tier, tag or name, less those who are left out.

What is said of an audience narrows it: customers in one of the segments *and* in one of the tiers *and* with one of the
tags. Exclusions each leave out whoever they name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from lib.domain.ids import fingerprint
from lib.domain.segments import Segment

VALUES_MAX = 30
"""How many segments, tiers or tags can be named; Firestore takes no more in one filter."""
CUSTOMERS_MAX = 10_000
"""How many customers can be named one by one; they have to fit into one document."""


class Kind(StrEnum):
    """The dashboard's `audience.type`."""

    ALL = "all"
    SEGMENT = "segment"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Traits:
    """What of a customer decides whether they belong to an audience, as their document says it."""

    segment: str = ""
    tier: str = ""
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Audience:
    """Of CUSTOM, `customer_ids` are the members; of the others they mean nothing, as segments do where the kind is not
    SEGMENT (the dashboard leaves them behind when somebody changes their mind). Tiers and tags narrow any of them.

    The other fields are as the dashboard stores them, () for any."""

    kind: Kind
    segments: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    customer_ids: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def is_nobody(self) -> bool:
        """Whether it names nobody at all: a segment that is none must not become everybody."""
        if self.kind is Kind.CUSTOM:
            return not self.customer_ids
        return self.kind is Kind.SEGMENT and not (self.segments or self.tiers or self.tags)

    def includes(self, customer_id: str, traits: Traits) -> bool:
        """Whether such a customer of the org belongs to it."""
        if self.is_nobody or (self.kind is Kind.CUSTOM and customer_id not in self.customer_ids):
            return False
        return (
            (not self.segments or traits.segment in self.segments)
            and (not self.tiers or traits.tier in self.tiers)
            and (not self.tags or not traits.tags.isdisjoint(self.tags))
        )


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Who gets nothing, whatever the audience says."""

    segments: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    customer_ids: frozenset[str] = field(default=frozenset(), repr=False)

    def exclude(self, customer_id: str, traits: Traits) -> bool:
        """Whether such a customer is left out."""
        return (
            customer_id in self.customer_ids or traits.segment in self.segments or not traits.tags.isdisjoint(self.tags)
        )


@dataclass(frozen=True, slots=True)
class Prefilled:
    """What a campaign to one segment begins with: the dashboard's word for its goal, and a name."""

    name: str
    goal: str


PREFILLED: Mapping[Segment, Prefilled] = MappingProxyType(
    {
        Segment.NEW: Prefilled("A second visit of New customers", "retention"),
        Segment.REGULAR: Prefilled("News for Casual customers", "drive_sales"),
        Segment.LOYAL: Prefilled("A thank-you to Loyal customers", "loyalty"),
        Segment.FREQUENT: Prefilled("News for Frequent customers", "drive_sales"),
        Segment.HIGH_VALUE: Prefilled("An invitation to High Value customers", "vip_appreciation"),
        Segment.VIP: Prefilled("A thank-you to VIP customers", "vip_appreciation"),
        Segment.SLIPPING: Prefilled("A reminder to Slipping customers", "retention"),
        Segment.AT_RISK: Prefilled("Win back At Risk customers", "winback"),
        Segment.CHURNED: Prefilled("Win back Churned customers", "winback"),
    }
)


def of_segment(segment: Segment) -> Audience:
    """Everybody in one segment."""
    return Audience(Kind.SEGMENT, segments=(segment.value,))


def ids_bytes(audience: Audience, excluded: Exclusions) -> int:
    """How much of a document those take who are named one by one, also who is named twice (bytes)."""
    named = (*audience.customer_ids, *excluded.customer_ids)
    return sum(len(each.encode()) + 1 for each in named)


def digest(audience: Audience, excluded: Exclusions) -> str:
    """Names who is meant; the same people by the same words have the same name."""
    meant = [audience.kind, audience.segments, audience.tiers, audience.tags, sorted(audience.customer_ids)]
    return fingerprint([meant, excluded.segments, excluded.tags, sorted(excluded.customer_ids)])
