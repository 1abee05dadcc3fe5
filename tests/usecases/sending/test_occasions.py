"""What automations say arrives: each occasion's own words, filled in for who has it, once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lib.domain.automations import Schedule, scheduled
from lib.domain.notices import Addressee
from lib.platform import clock
from lib.store import automations as schedules
from lib.store import messaging, notices
from lib.store import transaction as transactions
from lib.usecases import automations, sending
from tests.usecases.sending.desk import Desk

WORDS = {
    "birthday": "Happy birthday {{firstName}}: {{bonusPoints}} points",
    "anniversary": "{{years}} years, {{bonusPoints}} points",
    "tier_gained": "From {{previousTier}} to {{tier}}",
    "tier_lapsing": "{{tier}} until {{lapsesOn}}, then {{lowerTier}}",
    "points_expiring": "{{expiringPoints}} of {{loyaltyPoints}} points until {{expiresOn}}",
    "segment_entered": "Not {{previousSegment}} any more",
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
