"""Replays what a ledger let expire and gave back of it, and says what is wrong with it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from lib.domain.invariants.entries import collects_debt
from lib.domain.invariants.violations import Fields


@dataclass(slots=True)
class ExpiryReplay:
    """What has expired of each expiry and not come back, and by lot what has come back and is still to be taken."""

    _expired: Counter[datetime] = field(default_factory=Counter)
    _to_take: Counter[str] = field(default_factory=Counter)

    def apply(self, entry: Fields) -> Iterator[tuple[str, str]]:
        """Applies an entry and yields (expected, found) for each broken rule."""
        if entry["kind"] in ("expire", "unexpire"):
            yield from self._check_story(entry)
        if entry["kind"] == "unexpire":
            yield from self._come_back(entry)
            return
        if self._to_take:
            taken = Counter({change["id"]: -change["points"] for change in entry["lots"]})
            is_orders = entry["kind"] == "clawback" and entry["source"]["type"] == "order" and not collects_debt(entry)
            if not is_orders or self._to_take - taken:
                yield f"an order's clawback that takes {dict(self._to_take)} of the lots", f"{entry['kind']} {taken}"
            self._to_take.clear()
        if entry["kind"] == "expire":
            for change in entry["lots"]:
                self._expired[change["expiresAt"]] -= change["points"]

    def close(self) -> Iterator[tuple[str, str]]:
        """After the last entry: nothing that came back is left."""
        if self._to_take:
            yield "an order's clawback of what has come back", "no entry"

    def _check_story(self, entry: Fields) -> Iterator[tuple[str, str]]:
        wanted = [(entry["source"]["type"], entry["source"]["id"], entry["occurredAt"])]
        found = [("lot", change["id"], change["expiresAt"]) for change in entry["lots"]]
        if found != wanted:
            yield f"a source and an instant that are its lot's and expiry, {found}", f"{wanted}"

    def _come_back(self, entry: Fields) -> Iterator[tuple[str, str]]:
        for change in entry["lots"]:
            expired = self._expired[change["expiresAt"]]
            if change["points"] > expired:
                yield f"at most {expired} points back, what has expired", f"{change['points']} points"
            self._expired[change["expiresAt"]] -= change["points"]
            self._to_take[change["id"]] += change["points"]
