"""The last look: every reason not to send, the order in which they are told, and when to look again."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lib.domain.consent import Channel, ConsentState, Recipient
from lib.domain.frequency import DEFAULT_CAPS, MessageType
from lib.domain.messages import Cause
from lib.domain.quiet_hours import place_of
from lib.domain.recent_messages import REMEMBERED, RecentMessages, Sending
from lib.domain.sending import PAUSED_FOR, Decision, Send, Situation, Skip, Wait, decide
from tests.domain.writing import NOW, message

HOUR = timedelta(hours=1)
PHONE = "+14155552671"
AGREED = ConsentState(granted_at=NOW - HOUR)
LEFT = replace(AGREED, marketing_withdrawn_at=NOW)
STOPPED = replace(AGREED, all_withdrawn_at=NOW)


def recent(hours_ago: float, cause: str = "campaign:winter:1") -> RecentMessages:
    return RecentMessages({"other": Sending(NOW - hours_ago * HOUR, cause)})


def situation(**facts: Any) -> Situation:
    standard: dict[str, Any] = {
        "now": NOW,
        "recipient": Recipient(PHONE),
        "consent": AGREED,
        "recent": RecentMessages(),
        "caps": DEFAULT_CAPS[Channel.SMS],
        "place": place_of(PHONE, "America/New_York"),
        "quiet": True,
    }
    return Situation(**{**standard, **facts})


NIGHT = NOW.replace(hour=12)  # 4 in the morning in California
MORNING = NOW.replace(hour=16)
ORDER = {"kind": MessageType.ORDER_UPDATE, "good_until": NOW + HOUR}


@pytest.mark.parametrize(
    ("fields", "facts", "expected"),
    [
        ({}, {}, Send()),
        ({}, {"off": "vendor_off:missing_api_key"}, Skip("vendor_off:missing_api_key")),
        ({}, {"cancelled": True, "paused": True}, Skip("cancelled")),
        ({}, {"recipient": Recipient(None)}, Skip("no_address")),
        ({}, {"recipient": Recipient(PHONE, archived=True)}, Skip("archived")),
        ({}, {"recipient": Recipient(PHONE, test_account=True)}, Skip("test_account")),
        ({}, {"consent": ConsentState()}, Skip("no_consent")),
        ({}, {"consent": LEFT, "paused": True}, Skip("opted_out")),
        ({}, {"consent": STOPPED}, Skip("stopped")),
        (ORDER, {"consent": LEFT}, Send()),
        (ORDER, {"consent": STOPPED}, Skip("stopped")),
        (ORDER, {"consent": ConsentState(), "now": NIGHT}, Send()),
        (ORDER, {"recent": recent(0)}, Send()),
        (ORDER, {"now": NOW + 2 * HOUR}, Skip("stale")),
        ({}, {"recent": recent(1, "campaign:spring:1")}, Skip("same_address")),
        ({}, {"recent": recent(1)}, Skip("capped")),
        ({"kind": MessageType.BIRTHDAY}, {"recent": recent(1)}, Wait(NOW + 23 * HOUR, "waits")),
        ({}, {"now": NIGHT}, Wait(MORNING, "waits")),
        ({}, {"now": NIGHT, "quiet": False}, Send()),
        ({"good_until": MORNING - HOUR}, {"now": NIGHT}, Skip("stale")),
        ({}, {"paused": True}, Wait(NOW + PAUSED_FOR, "paused")),
        ({}, {"paused": True, "now": NIGHT}, Wait(MORNING, "paused")),
        ({}, {"paused": True, "now": NOW + 72 * HOUR}, Skip("stale")),
    ],
)
def test_the_first_reason_counts(fields: dict[str, Any], facts: dict[str, Any], expected: Decision) -> None:
    assert decide(message(**fields), situation(**facts)) == expected


def test_a_message_does_not_stand_in_its_own_way() -> None:
    it = message()
    assert decide(it, situation(recent=RecentMessages().with_message(it, NOW))) == Send()


def test_what_no_cap_remembers_is_forgotten() -> None:
    old = message(cause=Cause("campaign", "old"))
    known = RecentMessages().with_message(old, NOW - REMEMBERED).with_message(message(), NOW)
    assert set(known.sendings) == {message().id}
    assert (known.until, known.without(message()).until) == (NOW + REMEMBERED, None)
    assert known.without(message()) == RecentMessages()
