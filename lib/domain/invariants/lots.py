"""Replays what ledger entries did to lots and says what is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lib.domain.invariants.entries import eats_earliest_first
from lib.domain.invariants.violations import Fields

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Lot:
    expires_at: datetime | None
    points: int = 0
    reserved: int = 0


@dataclass(slots=True)
class LotReplay:
    """All lots a ledger ever opened, with what is left in them after the entries applied so far."""

    _lots: dict[str, _Lot] = field(default_factory=dict)

    def apply(self, entry: Fields) -> Iterator[tuple[str, str]]:
        """Applies an entry's lot changes and yields (expected, found) for each broken rule."""
        for change in entry["lots"]:
            yield from self._change(change, entry["seq"])
        points, reserved = self._totals()
        balances = entry["balances"]
        if (points, reserved) != (balances["available"] + balances["reserved"], balances["reserved"]):
            wanted = f"lots of {balances['available'] + balances['reserved']} points, {balances['reserved']} reserved"
            yield wanted, f"lots of {points} points, {reserved} reserved"

    def ate_in_order(self, entry: Fields) -> bool:
        """After `apply`: whether a debit left nothing free in a lot that expires before one it took from."""
        if not eats_earliest_first(entry) or not entry["lots"]:
            return True
        last = max(change["expiresAt"] or _NEVER for change in entry["lots"])
        return not any(lot.points > lot.reserved and (lot.expires_at or _NEVER) < last for lot in self._lots.values())

    def open(self) -> dict[str, tuple[datetime | None, int, int]]:
        """Lots that still hold points: id to (expiry, points, reserved)."""
        return {lot_id: (lot.expires_at, lot.points, lot.reserved) for lot_id, lot in self._lots.items() if lot.points}

    def _change(self, change: Fields, seq: int) -> Iterator[tuple[str, str]]:
        lot = self._lots.get(change["id"])
        if lot is None:
            lot = self._lots[change["id"]] = _Lot(change["expiresAt"])
            if change["id"] != str(seq):
                yield f"a new lot named {seq} after its entry", f"lot {change['id']}"
        if lot.expires_at != change["expiresAt"]:
            yield f"lot {change['id']} expiring {lot.expires_at}", f"{change['expiresAt']}"
        lot.points += change["points"]
        lot.reserved += change["reserved"]
        if not 0 <= lot.reserved <= lot.points:
            yield f"0 <= reserved <= points in lot {change['id']}", f"{lot.reserved} reserved of {lot.points}"

    def _totals(self) -> tuple[int, int]:
        lots = self._lots.values()
        return sum(lot.points for lot in lots), sum(lot.reserved for lot in lots)
