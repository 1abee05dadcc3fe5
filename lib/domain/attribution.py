"""Which orders a campaign may claim, and which ones its comparison counts: two questions with two answers.

A *claim* is for the books: an order belongs to the campaign whose message went out last before it, if that was within
the campaign's window. At most one campaign claims an order, so that their revenue adds up to no more than was taken.

The *comparison* asks what difference a campaign makes. It counts every order of a customer within a window of the same
length that begins when the lot was drawn for that customer, treated or held out alike, whatever was sent, arrived, or
is claimed by whom. Counting from the moment a message went out would compare the treated, who are written to in waking
hours, with people whose window has the night in it; and whoever is held out has no such moment.

Windows hold their first instant and not their last.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Purchase:
    """An order that earns: its total in cents, 0 or more, and when it was placed (UTC)."""

    order_id: str
    cents: int
    ordered_at: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """For how long orders of a customer count for a recipient document: from the draw of the lot for the comparison,
    from the sending of the message for a claim."""

    campaign_id: str
    recipient_id: str
    since: datetime
    length: timedelta

    @property
    def until(self) -> datetime:
        """The first instant that is outside."""
        return self.since + self.length

    def holds(self, purchase: Purchase) -> bool:
        """Whether the order was placed within it."""
        return self.since <= purchase.ordered_at < self.until


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one customer's orders mean for the recipient documents of that customer, by recipient id, oldest first.

    bought: of every draw, the orders that its comparison counts. claimed: of every campaign that claims some, under the
    recipient whose message claims the first of them.
    """

    bought: Mapping[str, Sequence[Purchase]] = field(default_factory=dict)
    claimed: Mapping[str, Sequence[Purchase]] = field(default_factory=dict)


def decide(draws: Iterable[Window], touches: Iterable[Window], purchases: Iterable[Purchase]) -> Verdict:
    """The verdict on everything that a customer bought around the campaigns that reach, or leave out, that customer.

    draws: one for each campaign whose lot was drawn. touches: the messages that went out, of whichever campaigns.
    Always from the whole of it, so that an order that is returned, or another's by now, takes back what it gave.
    """
    placed = sorted(purchases, key=lambda purchase: (purchase.ordered_at, purchase.order_id))
    sent = list(touches)
    by_campaign: dict[str, tuple[str, list[Purchase]]] = {}
    for purchase in placed:
        last = last_touch(sent, purchase)
        if last:
            by_campaign.setdefault(last.campaign_id, (last.recipient_id, []))[1].append(purchase)
    return Verdict(
        bought={draw.recipient_id: [purchase for purchase in placed if draw.holds(purchase)] for draw in draws},
        claimed=dict(by_campaign.values()),
    )


def last_touch(touches: Iterable[Window], purchase: Purchase) -> Window | None:
    """The message that may claim the order: the last that went out before it, or with it, and whose window holds it. Of
    two at the same instant always the same one."""
    holding = (touch for touch in touches if touch.holds(purchase))
    return max(holding, key=lambda touch: (touch.since, touch.campaign_id, touch.recipient_id), default=None)


def span(windows: Iterable[Window]) -> tuple[datetime, datetime] | None:
    """From when until when orders matter to any of the windows; None without any."""
    known = list(windows)
    if not known:
        return None
    return min(window.since for window in known), max(window.until for window in known)


@dataclass(frozen=True, slots=True)
class Following:
    """How long a campaign's orders have to be followed: from when it began until after its last window has ended.

    `ended_at`: when it stopped sending, None as long as it may send.
    """

    campaign_id: str
    began_at: datetime
    ended_at: datetime | None
    window: timedelta

    @property
    def closes_at(self) -> datetime | None:
        """When nothing more is expected: orders are recorded late, are returned, and mail is read after days."""
        return self.ended_at + max(self.window, _READ_WITHIN) + _RECORDED_WITHIN if self.ended_at else None


_READ_WITHIN = timedelta(days=7)
_RECORDED_WITHIN = timedelta(days=1)


def closable(followed: Sequence[Following], now: datetime) -> list[str]:
    """Ids of the campaigns of an org that need not be followed any longer.

    One that others compete with stays until they are done: if it was gone when one of its orders changes, a campaign
    that had lost the order to it would claim it as well.
    """

    def is_over(one: Following) -> bool:
        return one.closes_at is not None and one.closes_at <= now

    rivals = [one for one in followed if not is_over(one)]
    return [
        one.campaign_id
        for one in followed
        if one.ended_at and is_over(one) and not any(rival.began_at < one.ended_at + one.window for rival in rivals)
    ]
