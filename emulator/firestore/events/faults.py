"""Seeded faults: which events are lost, doubled, held back or overtaken, so that a run can be replayed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Shares (0 to 1) of events that meet each fault, and how long an event is held back at most, in seconds."""

    seed: int = 0
    duplicate: float = 0.0
    delay: float = 0.0
    reorder: float = 0.0
    drop: float = 0.0
    delay_seconds: float = 0.5


@dataclass(frozen=True, slots=True)
class Fate:
    """What befalls one event. `delay_seconds` and `duplicate_after_seconds` are None where that fault does not apply.

    A reordered event waits until a later event of the same document has been delivered, `hold_seconds` at most.
    """

    drop: bool = False
    delay_seconds: float | None = None
    hold_seconds: float | None = None
    duplicate_after_seconds: float | None = None


_UNTOUCHED = Fate()


class Faults:
    """Decides the fate of each event from the seed, the trigger, the document and how many of its events came before.

    It does not depend on the order in which different documents are written, so concurrent writers replay alike.
    """

    def __init__(self, plan: FaultPlan) -> None:
        self.plan = plan
        self._seen: Counter[tuple[str, str]] = Counter()

    def fate(self, trigger_key: str, path: str) -> Fate:
        plan = self.plan
        if not (plan.duplicate or plan.delay or plan.reorder or plan.drop):
            return _UNTOUCHED
        self._seen[trigger_key, path] += 1
        chance = random.Random(f"{plan.seed}\n{trigger_key}\n{path}\n{self._seen[trigger_key, path]}")
        drop, duplicate, delay, reorder = (chance.random() for _ in range(4))
        seconds, again_seconds = (chance.uniform(0, plan.delay_seconds) for _ in range(2))
        if drop < plan.drop:
            return Fate(drop=True)
        # Half of the duplicates come at once: two deliveries of one event at the same time are the nastiest.
        at_once = chance.random() < 0.5
        return Fate(
            delay_seconds=seconds if delay < plan.delay else None,
            hold_seconds=plan.delay_seconds if reorder < plan.reorder else None,
            duplicate_after_seconds=(0.0 if at_once else again_seconds) if duplicate < plan.duplicate else None,
        )


def parse_plan(body: Mapping[str, Any]) -> FaultPlan:
    """A plan from JSON; raises ValueError naming the field that is unknown or out of range."""
    known = {field.name for field in fields(FaultPlan)}
    unknown = sorted(body.keys() - known)
    if unknown:
        raise ValueError(f"unknown field {unknown[0]!r}; known are {', '.join(sorted(known))}")
    for name, value in body.items():
        if isinstance(value, bool) or not isinstance(value, int if name == "seed" else int | float):
            raise ValueError(f"{name} must be a number")
        if name != "seed" and not 0 <= value <= (60 if name == "delay_seconds" else 1):
            raise ValueError(f"{name} is out of range")
    return FaultPlan(**body)
