"""The simulation's time: it goes by the clock of the stack, and moves when the simulation says so."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Self
from unittest.mock import patch

from emulator.clock import ClockFile
from lib.platform import clock

# A Monday in winter: the first month ends soon, daylight saving time begins within two months.
_START = datetime(2027, 1, 4, 17, 0, 7, tzinfo=UTC)
_LOOK = timedelta(microseconds=1)


class Timeline:
    """A context in which the product and Firestore live in the simulation's time; with `clock` None in real time.

    stands: between two moves the time stands still but for a microsecond each time the product looks, so that what it
    does depends on nothing else. Whole seconds are what `now` tells then, and every limit of the product falls on a
    whole second too: nobody can come between the two. Otherwise time runs on from where it was moved to.
    """

    def __init__(self, clock_file: ClockFile | None, *, stands: bool) -> None:
        self._clock_file = clock_file
        self.stands = stands
        self._moment = _START
        self._looks = 0
        self._open = ExitStack()

    @property
    def moves(self) -> bool:
        """Whether this time can be moved."""
        return self._clock_file is not None

    def __enter__(self) -> Self:
        if self._clock_file:
            self._clock_file.set(_START)
            if self.stands:
                self._open.enter_context(patch.object(clock, "now", self._look))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def now(self) -> datetime:
        """The present moment, UTC."""
        return self._moment if self.stands and self.moves else clock.now()

    def advance(self, by: timedelta) -> None:
        """Moves on; to whole seconds only."""
        if self._clock_file is None:
            raise ValueError("real time cannot be moved")
        if not self.stands:
            self._clock_file.move(by)
            return
        self._moment += timedelta(seconds=round(by.total_seconds()))
        self._looks = 0
        self._clock_file.set(self._moment)

    def _look(self) -> datetime:
        self._looks += 1
        return self._moment + self._looks * _LOOK
