"""Sending messages: a task for each, checks at the last moment, one try, and what came of it.

`enqueue` after the commit that queued messages (`lib.store.messages.queue`); the rest is for the task functions and the
schedule. What each needs is loaded when it is first called: an instance serves one function, and most send nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lib.domain.messages import Message

__all__ = ["enqueue", "send_emails", "send_text", "sweep"]


def enqueue(messages: Iterable[Message]) -> None:
    """See `tasks.enqueue`."""
    from lib.usecases.sending import tasks

    tasks.enqueue(messages)


def send_text(org_id: str, message_id: str, delays: int = 0) -> None:
    """See `texts.send`."""
    from lib.usecases.sending import texts

    texts.send(org_id, message_id, delays)


def send_emails(org_id: str, message_id: str) -> None:
    """See `emails.send`."""
    from lib.usecases.sending import emails

    emails.send(org_id, message_id)


def sweep() -> None:
    """See `sweeping.sweep`."""
    from lib.usecases.sending import sweeping

    sweeping.sweep()
