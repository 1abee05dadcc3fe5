"""Order events as Eventarc may deliver them: some twice, some overtaken by later ones, and some never."""

from dataclasses import dataclass, field
from random import Random

from cli.simulate.books import Deserves
from lib.usecases.orders import OrderChange

# How far an event can be overtaken, in deliveries of the same worker.
_REACH = 12


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event of an order: the change, which write of the order it tells of, and what the oracle makes of it.

    `matters`: whether it must be worked; None where that is up to the product.
    """

    change: OrderChange
    version: int
    state: Deserves
    matters: bool | None


@dataclass(slots=True)
class Events:
    """One worker's events on their way. `duplicate`, `reorder` and `lose` are shares of events."""

    chance: Random
    duplicate: float
    reorder: float
    lose: float = 0.0
    duplicated: int = 0
    reordered: int = 0
    lost: int = 0
    _waiting: list[Delivery] = field(default_factory=list)
    _held_back: list[Delivery] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self._waiting) + len(self._held_back)

    def send(self, delivery: Delivery) -> None:
        """Puts an event on its way, perhaps ahead of earlier ones or behind the next one, perhaps twice; or not."""
        if self.chance.random() < self.lose:
            self.lost += 1
            return
        if self.chance.random() >= self.reorder:
            self._waiting.append(delivery)
            self._release()
        elif self._waiting:
            self.reordered += 1
            self._overtake(delivery)
        else:
            self.reordered += 1
            self._held_back.append(delivery)
        if self.chance.random() < self.duplicate:
            self.duplicated += 1
            self._overtake(delivery)

    def again(self, delivery: Delivery) -> None:
        """Puts an event back whose delivery failed; a few others may come before it."""
        self._waiting.insert(min(self.chance.randrange(4), len(self._waiting)), delivery)

    def next(self) -> Delivery:
        """The event to deliver now."""
        if not self._waiting:
            self._release()
        return self._waiting.pop(0)

    def _release(self) -> None:
        self._waiting += self._held_back
        self._held_back.clear()

    def _overtake(self, delivery: Delivery) -> None:
        places = len(self._waiting)
        self._waiting.insert(self.chance.randrange(max(0, places - _REACH), places + 1), delivery)
