"""Seeded faults: the same seed disturbs the same events, whatever the order of different documents."""

import pytest

from emulator.firestore.events.faults import Fate, FaultPlan, Faults, parse_plan

_PLAN = FaultPlan(seed=7, duplicate=0.3, delay=0.3, reorder=0.3, drop=0.1, delay_seconds=2)


def _fates(plan: FaultPlan, paths: list[str]) -> dict[tuple[str, int], Fate]:
    faults, seen, fates = Faults(plan), dict.fromkeys(paths, 0), {}
    for path in paths:
        seen[path] += 1
        fates[path, seen[path]] = faults.fate("key", path)
    return fates


def test_a_seed_replays_whatever_the_order_of_documents() -> None:
    paths = [f"orders/{number % 50}" for number in range(200)]
    assert _fates(_PLAN, paths) == _fates(_PLAN, sorted(paths))


def test_another_seed_is_another_sequence() -> None:
    paths = [f"orders/{number}" for number in range(100)]
    other = FaultPlan(seed=8, duplicate=0.3, delay=0.3, reorder=0.3, drop=0.1, delay_seconds=2)
    assert _fates(_PLAN, paths) != _fates(other, paths)


def test_shares_are_met() -> None:
    fates = list(_fates(_PLAN, [f"orders/{number}" for number in range(4000)]).values())
    kept = [fate for fate in fates if not fate.drop]
    assert 0.08 < 1 - len(kept) / len(fates) < 0.12
    for fault in ("duplicate_after_seconds", "delay_seconds", "hold_seconds"):
        share = sum(getattr(fate, fault) is not None for fate in kept) / len(kept)
        assert 0.27 < share < 0.33, fault
    assert all(0 <= (fate.delay_seconds or 0) <= 2 for fate in kept)


def test_without_faults_nothing_happens_to_an_event() -> None:
    assert Faults(FaultPlan(seed=3)).fate("key", "orders/o1") == Fate()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"dropp": 0.1}, "unknown field 'dropp'"),
        ({"drop": 1.1}, "drop is out of range"),
        ({"drop": -0.1}, "drop is out of range"),
        ({"drop": "0.1"}, "drop must be a number"),
        ({"drop": True}, "drop must be a number"),
        ({"seed": 1.5}, "seed must be a number"),
        ({"delay_seconds": 61}, "delay_seconds is out of range"),
    ],
)
def test_a_plan_is_checked(body: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_plan(body)
