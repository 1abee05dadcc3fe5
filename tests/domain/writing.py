"""Builders of messages and the like for tests; only what a test is about is given."""

from datetime import UTC, datetime, timedelta
from typing import Any

from lib.domain.consent import Channel
from lib.domain.frequency import MessageType
from lib.domain.messages import Cause, Draft, Message, claimed

NOW = datetime(2026, 11, 3, 18, tzinfo=UTC)


def message(**fields: Any) -> Message:
    """A marketing text that is due."""
    standard: dict[str, Any] = {
        "org_id": "org_a",
        "customer_id": "ann",
        "channel": Channel.SMS,
        "cause": Cause("campaign", "spring:1"),
        "kind": MessageType.CAMPAIGN,
        "template_id": "t",
        "created_at": NOW,
        "send_after": NOW,
        "good_until": NOW + timedelta(days=2),
    }
    return Message(**{**standard, **fields})


def sending(**fields: Any) -> Message:
    """The same, claimed."""
    return claimed(message(**fields), Draft("+14155552671", "Hello"), "blackleaf", NOW)
