"""What the recipients of a campaign add up to, counted by Firestore: a read for every thousand that are counted, and at
least one a question; nothing is kept by adding one, which would make one document hot for every event of a campaign.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from google.cloud.firestore import CollectionReference, FieldFilter, Query

from lib.domain.campaign_counts import Counts
from lib.domain.campaigns import Group
from lib.domain.lift import Sums
from lib.store import attributions, recipients
from lib.store.org import OrgStore

REASONS_MAX = 50
"""More different reasons than this are not told apart."""

_ARRIVED = ["delivered", "opened", "clicked"]
# Before anything happened; null is not after it.
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def load(org: OrgStore, campaign_id: str) -> Counts:
    """The counts of a campaign as of now. Twelve questions."""
    all_of_it = recipients.of_campaign(org, campaign_id)
    treated = _where(all_of_it, "group", "==", Group.TREATED.value)
    orders = attributions.of_campaign(org, campaign_id)
    claiming: Any = orders.count(alias="orders")
    claimed = _asked(claiming.sum("orderCents", alias="cents"))
    return Counts(
        recipients=_count(treated),
        sent=_count(_where(all_of_it, "sentAt", ">", _EVER)),
        delivered=_count(_where(all_of_it, "status", "in", _ARRIVED)),
        opened=_count(_where(all_of_it, "openedAt", ">", _EVER)),
        clicked=_count(_where(all_of_it, "clickedAt", ">", _EVER)),
        bounced=_count(_where(all_of_it, "status", "==", "bounced")),
        failed=_count(_where(treated, "status", "==", "failed")),
        unsubscribed=_count(_where(all_of_it, "unsubscribedAt", ">", _EVER)),
        converted=_count(_where(all_of_it, "converted", "==", True)),
        orders=claimed["orders"],
        revenue_cents=claimed["cents"],
        treated=_sums(all_of_it, Group.TREATED),
        holdout=_sums(all_of_it, Group.HOLDOUT),
    )


def reasons(org: OrgStore, campaign_id: str) -> Mapping[str, int]:
    """How many documents say why nothing was sent, by reason, at most `REASONS_MAX` of them. Two reads a reason or
    more, and one: the index is walked from each reason to the next, since nobody knows all of the vendors' words."""
    all_of_it = recipients.of_campaign(org, campaign_id)
    found: dict[str, int] = {}
    last = ""
    while len(found) < REASONS_MAX:
        following = _where(all_of_it, "reason", ">", last).order_by("reason").select(["reason"]).limit(1)
        row = next(iter(following.stream()), None)
        if row is None:
            break
        last = row.get("reason")
        found[last] = _count(_where(all_of_it, "reason", "==", last))
    return found


def _sums(all_of_it: Query | CollectionReference, group: Group) -> Sums:
    of_group = _where(all_of_it, "group", "==", group.value)
    bought = _where(of_group, "bought", "==", True)
    adding: Any = bought.count(alias="buyers")
    found = _asked(adding.sum("boughtCents", alias="cents").sum("boughtSquares", alias="squares"))
    # Asked one after the other, while customers are still being added.
    customers = max(found["buyers"], _count(_where(of_group, "first", "==", True)))
    # A sum of squares that was rounded may come out below what is possible.
    least = -(-(found["cents"] ** 2) // max(1, found["buyers"]))
    return Sums(customers, found["buyers"], found["cents"], max(least, found["squares"]))


def _where(query: Query | CollectionReference, name: str, operator: str, value: object) -> Query:
    found: Query = query.where(filter=FieldFilter(name, operator, value))
    return found


def _count(query: Query) -> int:
    return _asked(query.count(alias="count"))["count"]


def _asked(aggregation: Any) -> dict[str, int]:
    """Sums are whole below 9.2 x 10^18, above as near as a double comes: amounts of money are far below, their squares
    may get there by a typing error of a hundred million dollars."""
    return {result.alias: int(result.value) for result in aggregation.get()[0]}
