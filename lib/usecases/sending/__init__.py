"""Sending messages: a task for each, checks at the last moment, one try, and what came of it.

`enqueue` after the commit that queued messages (`lib.store.messages.queue`); everything else is for the task functions.
"""

from lib.usecases.sending.tasks import enqueue

__all__ = ["enqueue"]
