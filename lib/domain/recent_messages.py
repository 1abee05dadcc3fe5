"""What one address was sent lately, whoever's profiles it is in: the ground of caps, and of one message a cause.

Kept beside the address's consent and changed in the transaction that claims a message, so that two messages that are
claimed at the same moment cannot both be the last one allowed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lib.domain.messages import Message

REMEMBERED = timedelta(days=90)
"""The longest window that a cap can have."""


@dataclass(frozen=True, slots=True)
class Sending:
    """When a message was claimed, and what it was about."""

    at: datetime
    cause: str


@dataclass(frozen=True, slots=True)
class RecentMessages:
    """Marketing messages to one address on one channel, by message id; those of unknown outcome count."""

    sendings: Mapping[str, Sending] = field(default_factory=dict)

    @property
    def until(self) -> datetime | None:
        """When no cap remembers any of them; None where there are none."""
        return max(sending.at for sending in self.sendings.values()) + REMEMBERED if self.sendings else None

    def times(self, message: Message) -> tuple[datetime, ...]:
        """When others than this one were sent."""
        return tuple(sending.at for other, sending in self.sendings.items() if other != message.id)

    def has_cause_of(self, message: Message) -> bool:
        """Whether the same was said to this address in the name of another profile."""
        return any(sending.cause == _cause(message) for other, sending in self.sendings.items() if other != message.id)

    def with_message(self, message: Message, now: datetime) -> "RecentMessages":
        """With this one, and without those that no cap remembers."""
        kept = {other: sending for other, sending in self.sendings.items() if sending.at > now - REMEMBERED}
        return RecentMessages({**kept, message.id: Sending(now, _cause(message))})

    def without(self, message: Message) -> "RecentMessages":
        """As if this one had never been claimed: it was refused."""
        return RecentMessages({other: sending for other, sending in self.sendings.items() if other != message.id})


def _cause(message: Message) -> str:
    return f"{message.cause.type}:{message.cause.id}"
