"""Small worlds for rules: one document, a caller, some other documents, and conditions evaluated among them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from emulator.firestore.rules import (
    AccessBudget,
    AccessRequest,
    Auth,
    Decision,
    Document,
    Method,
    Outcome,
    Query,
    Ruleset,
    parse,
)
from emulator.firestore.rules.values import Timestamp, Value

ROOT = "databases/(default)/documents"
NOON = Timestamp(1_700_000_000_123_456_789)  # 2023-11-14T22:13:20.123456789Z, a Tuesday


@dataclass
class World:
    """Stored documents by path below the root, before and (`later`, where it differs) after the request."""

    stored: dict[str, dict[str, Value]] = field(default_factory=dict)
    later: dict[str, dict[str, Value] | None] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)

    def get(self, path: str) -> Document | None:
        """The document before the request."""
        self.reads.append(path.removeprefix(f"{ROOT}/"))
        data = self.stored.get(path.removeprefix(f"{ROOT}/"))
        return None if data is None else Document(path, data)

    def get_after(self, path: str) -> Document | None:
        """The document after the request."""
        name = path.removeprefix(f"{ROOT}/")
        if name not in self.later:
            return self.get(path)
        self.reads.append(name)
        data = self.later[name]
        return None if data is None else Document(path, data)


def ruleset(body: str) -> Ruleset:
    """A ruleset of version 2 with this inside `match /databases/{database}/documents`."""
    return parse(
        "rules_version = '2';\nservice cloud.firestore {\nmatch /databases/{database}/documents {\n" + body + "\n}\n}"
    )


def document(path: str, data: dict[str, Value]) -> Document:
    """A document by its path below the root."""
    return Document(f"{ROOT}/{path}", data)


def request(
    method: str = "get",
    path: str = "things/t1",
    auth: Auth | None = None,
    before: dict[str, Value] | None = None,
    after: dict[str, Value] | None = None,
    query: Query | None = None,
) -> AccessRequest:
    """A request on one document (or a query), at NOON."""
    return AccessRequest(
        Method(method),
        f"{ROOT}/{path}",
        auth,
        NOON,
        None if before is None else document(path, before),
        None if after is None else document(path, after),
        query,
    )


def decide(
    body: str,
    asked: AccessRequest,
    world: World | None = None,
    budget: AccessBudget | None = None,
    debug: Callable[[Value], None] = lambda _value: None,
) -> Decision:
    """The decision of a ruleset with this body."""
    return ruleset(body).evaluate(asked, world or World(), budget, debug)


def outcome(condition: str, asked: AccessRequest | None = None, world: World | None = None, functions: str = "") -> str:
    """What one condition comes to on a document of /things: `true`, `false` or the message of its error."""
    asked = asked or request()
    body = f"{functions}\nmatch /things/{{thing}} {{ allow {asked.method.value}: if {condition}; }}"
    (tried,) = decide(body, asked, world).tried
    return tried.message if tried.outcome is Outcome.ERROR else tried.outcome.value


def value_of(expression: str, **asked: Any) -> Value:
    """The value of an expression; raises AssertionError with the message when it has none."""
    seen: list[Value] = []
    body = f"match /things/{{thing}} {{ allow read, write: if debug({expression}) == debug; }}"
    decision = decide(body, request(**asked), debug=seen.append)
    assert seen, decision.trace()
    return seen[-1]
