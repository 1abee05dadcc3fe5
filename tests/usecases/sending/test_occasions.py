"""What automations say arrives: each occasion's own words, filled in for who has it, once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lib.domain.automations import Schedule, scheduled
from lib.domain.commands import Command
from lib.domain.ids import fingerprint
from lib.domain.ledger import Actor
from lib.domain.notices import Addressee
from lib.platform import clock
from lib.store import automations as schedules
from lib.store import messaging, notices
from lib.store import transaction as transactions
from lib.usecases import automations, points, sending
from tests.usecases.sending.desk import Desk

WORDS = {
    "birthday": "Happy birthday {{firstName}}: {{bonusPoints}} points",
    "anniversary": "{{years}} years, {{bonusPoints}} points",
    "tier_gained": "From {{previousTier}} to {{tier}}",
    "tier_lapsing": "{{tier}} until {{lapsesOn}}, then {{lowerTier}}",
    "points_expiring": "{{expiringPoints}} of {{loyaltyPoints}} points until {{expiresOn}}",
    "segment_entered": "Not {{previousSegment}} any more",
    "winback": "We miss you",
}
END = datetime(2026, 12, 1, 5, tzinfo=UTC)


@pytest.fixture
def shop(desk: Desk) -> Desk:
    """Answers all of these by text, since a month ago."""
    words = {kind: {"enabled": True, "sms": {"body": body}} for kind, body in WORDS.items()}
    for kind in ("birthday", "anniversary"):
        words[kind]["bonusPoints"] = 50
    desk.settings(automations=words)
    schedule = scheduled(Schedule(desk.org_id), messaging.load(desk.org), clock.now() - timedelta(30))
    transactions.run(lambda transaction: schedules.write(transaction, desk.org, schedule, clock.now()))
    return desk


def arrived(shop: Desk) -> list[str]:
    """The first line of every text that has come."""
    shop.queue.deliver()
    return [text["body"].splitlines()[0] for text in shop.texts.inbox()]


@pytest.mark.parametrize(
    ("kind", "fields", "text"),
    [
        ("birthday", {"birthDate": "1990-11-01"}, "Happy birthday Ann: 50 points"),
        ("anniversary", {"createdAt": datetime(2023, 11, 1, 16, tzinfo=UTC)}, "3 years, 50 points"),
    ],
)
def test_a_day(shop: Desk, kind: str, fields: dict[str, Any], text: str) -> None:
    ann = shop.customer("ann", **fields)
    params = {"kind": kind, "first": "2026-11-01", "last": "2026-11-01", "since": "2026-10-01T00:00:00+00:00"}
    for _ in range(2):
        automations.visit(sending.enqueue, shop.org, params, ann)
    assert [found.startswith(text) for found in arrived(shop)] == [True]


@pytest.mark.parametrize(
    ("notice", "text"),
    [
        ({"tier_changed": {"before": "bronze", "after": "silver", "is_higher": True}}, "From bronze to silver"),
        (
            {"tier_lapsing": {"tier": "silver", "lapses_at": END, "to_tier": "bronze"}},
            "silver until November 30,",
        ),
        ({"points_expiring": {"points": 80, "expires_at": END}}, "80 of 120 points until November 30"),
        ({"segment_entered": {"before": "high_value", "after": "slipping"}}, "Not high value any more"),
    ],
)
def test_a_notice(shop: Desk, notice: dict[str, Any], text: str) -> None:
    ((name, said),) = notice.items()
    ann = shop.customer("ann", tier="silver", segment="slipping")
    made = getattr(Addressee(shop.org_id, ann, clock.now()), name)(**said)
    transactions.run(lambda transaction: notices.add(transaction, shop.org, [made], clock.now()))
    for _ in range(2):
        automations.hear(sending.enqueue)
    assert [found.startswith(text) for found in arrived(shop)] == [True]


class TestWhatIsOverBeforeItGoes:
    """Queued late in the evening; it is morning before it may go."""

    @pytest.fixture
    def evening(self, shop: Desk) -> Desk:
        shop.time.advance(timedelta(hours=12))
        return shop

    def in_the_morning(self, shop: Desk) -> list[tuple[str, str]]:
        """State and reason of every message, the next day at 11."""
        shop.queue.deliver()
        assert shop.texts.inbox() == []
        shop.time.advance(timedelta(hours=12))
        shop.queue.deliver()
        found = (each.to_dict() or {} for each in shop.org.messages().stream())
        return [(each["state"], each["reason"]) for each in found]

    def missed(self, shop: Desk) -> str:
        """Somebody whose absence has just been answered."""
        last = shop.time.now() - timedelta(days=60, hours=6)
        ann = shop.customer("ann", lastOrderDate=last)
        day = shop.time.now() - timedelta(hours=6)
        params = {"kind": "winback", "first": f"{day:%Y-%m-%d}", "last": f"{day:%Y-%m-%d}", "since": day.isoformat()}
        member = f"{'0' * 17}:{ann}"
        assert automations.visit(sending.enqueue, shop.org, params, member)["messages"] == 1
        return ann

    def noticed(self, shop: Desk, customer_id: str, **notice: Any) -> None:
        ((name, said),) = notice.items()
        made = getattr(Addressee(shop.org_id, customer_id, clock.now()), name)(**said)
        transactions.run(lambda transaction: notices.add(transaction, shop.org, [made], clock.now()))
        assert automations.hear(sending.enqueue)["told"] == 1

    @pytest.mark.parametrize(("came_back", "state"), [(True, ("skipped", "no_longer_so")), (False, ("sent", ""))])
    def test_who_has_come_back_is_not_missed(self, evening: Desk, came_back: bool, state: tuple[str, str]) -> None:
        ann = self.missed(evening)
        if came_back:
            evening.client.document("customers", ann).update({"lastOrderDate": evening.time.now()})
        assert self.in_the_morning(evening) == [state]

    @pytest.mark.parametrize(
        ("notice", "change"),
        [
            ({"tier_changed": {"before": "bronze", "after": "silver", "is_higher": True}}, {"tier": "bronze"}),
            ({"tier_lapsing": {"tier": "silver", "lapses_at": END, "to_tier": "bronze"}}, {"tier": "gold"}),
            ({"segment_entered": {"before": "loyal", "after": "slipping"}}, {"segment": "loyal"}),
        ],
    )
    def test_what_was_told_of_may_be_gone(self, evening: Desk, notice: dict[str, Any], change: dict[str, Any]) -> None:
        ann = evening.customer("ann", tier="silver", segment="slipping")
        self.noticed(evening, ann, **notice)
        evening.client.document("customers", ann).update(change)
        assert self.in_the_morning(evening) == [("skipped", "no_longer_so")]

    @pytest.mark.parametrize("spent", [50, 80])
    def test_points_that_were_spent_do_not_expire(self, evening: Desk, spent: int) -> None:
        evening.loyalty(pointsExpireMonths=1)
        ann = evening.customer("ann", points=0)

        def adjust(change: int) -> None:
            key = f"{evening.org_id}:{change}"
            command = Command("adjust", evening.org_id, Actor("staff", "owner"), key, fingerprint(change), clock.now())
            assert points.adjust(command, ann, change, "by hand")["ok"]

        adjust(80)
        (lot,) = evening.client.document("customers", ann).get().get("loyalty.lots")
        self.noticed(evening, ann, points_expiring={"points": 80, "expires_at": lot["expiresAt"]})
        adjust(-spent)
        all_spent = spent == 80
        assert self.in_the_morning(evening) == [("skipped", "no_longer_so") if all_spent else ("sent", "")]
        said = [text["body"].startswith("30 of 30 points until ") for text in evening.texts.inbox()]
        assert said == ([] if all_spent else [True])

    def test_an_automation_that_was_switched_off_says_nothing_more(self, evening: Desk) -> None:
        self.missed(evening)
        evening.settings(automations={"winback": {"enabled": False}})
        assert self.in_the_morning(evening) == [("skipped", "automation_off")]
