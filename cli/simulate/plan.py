"""What a simulation is to be: how long, for how many people and callers, and how much goes wrong."""

from dataclasses import dataclass

from cli.simulate.faults import FaultPlan

CRASHES = FaultPlan(crash_before=0.02, crash_after=0.02, aborted=0.02, unanswered=0.01)


@dataclass(frozen=True, slots=True)
class Plan:
    """`events` counts deliveries and calls. With one caller a seed replays exactly, and every step is checked.

    alpine: the shops are connected to an Alpine IQ that lags and lies; with one caller only.
    """

    seed: int
    events: int
    people: int = 200
    callers: int = 8
    duplicate: float = 0.2
    reorder: float = 0.2
    lose: float = 0.05
    faults: FaultPlan = CRASHES
    alpine: bool = False
