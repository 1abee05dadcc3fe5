"""One target of a Listen stream: told of what it has at first, and of what has changed since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from emulator.firestore.caller import Caller
from emulator.firestore.engine import Engine
from emulator.firestore.errors import FirestoreError
from emulator.firestore.listening import responses
from emulator.firestore.listening.registry import Registry, Scope, Topic
from emulator.firestore.listening.responses import TargetState
from emulator.firestore.listening.views import Update, View
from emulator.firestore.projection import project
from emulator.firestore.store import Database
from emulator.firestore.wire import Message


@dataclass(frozen=True, slots=True)
class TargetContext:
    """Whose target it is, where it looks, and what it calls when there may be something to say."""

    engine: Engine
    registry: Registry
    caller: Caller
    database: Database
    notify: Callable[[Target], None]


class Target:
    """A view that follows the commits, unless its client wants it only `once`. Times are in microseconds UTC."""

    def __init__(self, target_id: int, view: View, context: TargetContext, *, once: bool) -> None:
        self.id = target_id
        self.once = once
        self._view = view
        self._context = context
        self._changed: dict[str, None] = {}
        self._must_recheck = False
        self._dependencies: list[Topic] = []

    def open(self, now: int, since: int | None) -> list[Message]:
        """All documents, or those changed `since`, which end in a count; raises PERMISSION_DENIED."""
        self._decide(now)
        self._context.registry.subscribe(self._view.topics, self._on_change)
        updates = self._view.open(since)
        self._context.engine.meter.of(self._context.database.id.project).count_query(len(updates))
        messages = [self._message(update, now) for update in updates]
        if since is not None:
            messages.append(responses.existence_filter(self.id, self._view.count))
        messages.append(responses.target_change(TargetState.CURRENT, self.id, now))
        return messages

    def refresh(self, now: int) -> list[Message]:
        """What is new; raises PERMISSION_DENIED when the rules no longer let the caller listen."""
        if self._must_recheck:
            self._decide(now)
        changed, self._changed = self._changed, {}
        updates = self._view.refresh(changed)
        # A document that has left because it changed is billed like one that changed; one that was deleted is not.
        told = sum(1 for update in updates if update.version is not None)
        self._context.engine.meter.of(self._context.database.id.project).reads += told
        return [self._message(update, now) for update in updates]

    def recheck(self, path: str = "") -> None:
        """Have the rules asked again: they, or a document they looked at, are no longer what they were."""
        self._must_recheck = True
        self._context.notify(self)

    def close(self) -> None:
        """Hear of nothing any more."""
        self._context.registry.unsubscribe(self._view.topics, self._on_change)
        self._context.registry.unsubscribe(self._dependencies, self.recheck)

    def _on_change(self, path: str) -> None:
        self._changed[path] = None
        self._context.notify(self)

    def _decide(self, now: int) -> None:
        self._must_recheck = False
        database, registry = self._context.database.id, self._context.registry
        documents = self._view.decide(self._context.engine.guard, self._context.caller, now)
        registry.unsubscribe(self._dependencies, self.recheck)
        self._dependencies = [Topic(database, Scope.DOCUMENT, path) for path in documents]
        registry.subscribe(self._dependencies, self.recheck)

    def _message(self, update: Update, now: int) -> Message:
        name = self._context.database.id.document_name(update.path)
        if update.version is None:
            return responses.document_delete(self.id, name, now)
        document = project(update.version.document(), self._view.projection)
        if update.belongs:
            return responses.document_change(self.id, document)
        if self._may_still_see(update, now):
            return responses.document_left(self.id, document)
        return responses.document_remove(self.id, name, now)

    def _may_still_see(self, update: Update, now: int) -> bool:
        guard, caller, database = self._context.engine.guard, self._context.caller, self._context.database
        try:
            guard.check_get(caller, database, update.path, update.version, None, now)
        except FirestoreError:
            return False
        return True
