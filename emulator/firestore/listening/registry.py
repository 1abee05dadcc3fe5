"""Who wants to hear of which documents, so that a commit wakes only the listeners it can concern."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from enum import Enum
from typing import NamedTuple, TypeAlias

from emulator.firestore.names import DatabaseId, collection_id_of, collection_of
from emulator.firestore.store import RETENTION_MICROS, Database, Store


class Scope(Enum):
    """What a topic's key names."""

    DOCUMENT = "a document, by its path"
    COLLECTION = "the documents of a collection, by its path"
    GROUP = "the documents of all collections of an id"
    DATABASE = "every document; the key is empty"


class Topic(NamedTuple):
    """A set of documents of one database."""

    database: DatabaseId
    scope: Scope
    key: str


Subscriber: TypeAlias = Callable[[str], None]
"""Called in the middle of a commit with the path of one document of the topic: takes note and returns at once."""


class Registry:
    """The subscribers of one server's listeners. A topic nobody subscribes to costs a commit one look-up."""

    def __init__(self, store: Store) -> None:
        self._clock = store.clock
        self._started = store.clock.read_time()
        self._subscribers: dict[Topic, dict[Subscriber, None]] = {}
        store.record_with(self._on_commit)

    def subscribe(self, topics: Collection[Topic], subscriber: Subscriber) -> None:
        for topic in topics:
            self._subscribers.setdefault(topic, {})[subscriber] = None

    def unsubscribe(self, topics: Collection[Topic], subscriber: Subscriber) -> None:
        for topic in topics:
            subscribers = self._subscribers[topic]
            del subscribers[subscriber]
            if not subscribers:
                del self._subscribers[topic]

    def knows_since(self, time: int) -> bool:
        """Whether everything that has changed since a time (microseconds UTC) can still be told.

        What another run of the server has handed out is refused: the documents may not be the same.
        """
        now = self._clock.read_time()
        return max(self._started, now - RETENTION_MICROS) <= time <= now

    def _on_commit(self, database: Database, paths: Sequence[str]) -> None:
        for path in paths:
            for topic in _topics_of(database.id, path):
                for subscriber in self._subscribers.get(topic, ()):
                    subscriber(path)


def _topics_of(database: DatabaseId, path: str) -> Iterator[Topic]:
    yield Topic(database, Scope.DOCUMENT, path)
    yield Topic(database, Scope.COLLECTION, collection_of(path))
    yield Topic(database, Scope.GROUP, collection_id_of(path))
    yield Topic(database, Scope.DATABASE, "")
