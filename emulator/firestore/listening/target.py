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
class Listener:
    """Whose target it is, where it looks, and what it calls when there may be something to say."""

    engine: Engine
    registry: Registry
    caller: Caller
    database: Database
    stir: Callable[[Target], None]


class Target:
    """A view that follows the commits, unless its client wants it only `once`. Times are in microseconds UTC."""

    def __init__(self, target_id: int, view: View, listener: Listener, *, once: bool) -> None:
        self.id = target_id
        self.once = once
        self._view = view
        self._listener = listener
        self._changed: dict[str, None] = {}
        self._is_in_doubt = False
        self._deciders: list[Topic] = []

    def open(self, now: int, since: int | None) -> list[Message]:
        """All documents, or those changed `since`, which end in a count; raises PERMISSION_DENIED."""
        self._decide(now)
        self._listener.registry.subscribe(self._view.topics, self._on_change)
        updates = self._view.open(since)
        self._listener.engine.meter.of(self._listener.database.id.project).count_query(len(updates))
        messages = [self._message(update, now) for update in updates]
        if since is not None:
            messages.append(responses.existence_filter(self.id, self._view.count))
        messages.append(responses.target_change(TargetState.CURRENT, self.id, now))
        return messages

    def refresh(self, now: int) -> list[Message]:
        """What is new; raises PERMISSION_DENIED when the rules no longer let the caller listen."""
        if self._is_in_doubt:
            self._decide(now)
        changed, self._changed = self._changed, {}
        updates = self._view.refresh(changed)
        # A document that has left because it changed is billed like one that changed; one that was deleted is not.
        told = sum(1 for update in updates if update.version is not None)
        self._listener.engine.meter.of(self._listener.database.id.project).reads += told
        return [self._message(update, now) for update in updates]

    def doubt(self, path: str = "") -> None:
        """Have the rules asked again: they, or a document they looked at, are no longer what they were."""
        self._is_in_doubt = True
        self._listener.stir(self)

    def close(self) -> None:
        """Hear of nothing any more."""
        self._listener.registry.unsubscribe(self._view.topics, self._on_change)
        self._listener.registry.unsubscribe(self._deciders, self.doubt)

    def _on_change(self, path: str) -> None:
        self._changed[path] = None
        self._listener.stir(self)

    def _decide(self, now: int) -> None:
        self._is_in_doubt = False
        database, registry = self._listener.database.id, self._listener.registry
        documents = self._view.decide(self._listener.engine.guard, self._listener.caller, now)
        registry.unsubscribe(self._deciders, self.doubt)
        self._deciders = [Topic(database, Scope.DOCUMENT, path) for path in documents]
        registry.subscribe(self._deciders, self.doubt)

    def _message(self, update: Update, now: int) -> Message:
        name = self._listener.database.id.document_name(update.path)
        if update.version is None:
            return responses.document_delete(self.id, name, now)
        document = project(update.version.document(), self._view.projection)
        if update.belongs:
            return responses.document_change(self.id, document)
        if self._may_still_see(update, now):
            return responses.document_left(self.id, document)
        return responses.document_remove(self.id, name, now)

    def _may_still_see(self, update: Update, now: int) -> bool:
        guard, caller, database = self._listener.engine.guard, self._listener.caller, self._listener.database
        try:
            guard.check_get(caller, database, update.path, update.version, None, now)
        except FirestoreError:
            return False
        return True
