"""What the methods of the service work on, put together from what a run starts with."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.clock import Clock
from emulator.tasks.dispatcher import Dispatcher, Send
from emulator.tasks.keeping import Keeping
from emulator.tasks.registry import Registry


@dataclass(frozen=True, slots=True)
class ServiceState:
    """The queues, the dispatcher that serves them, the clock all go by, and where everything is kept."""

    registry: Registry
    dispatcher: Dispatcher
    clock: Clock
    keeping: Keeping

    @classmethod
    def open(cls, keeping: Keeping, clock: Clock, send: Send) -> ServiceState:
        """With what has been kept; the dispatcher does not run yet."""
        registry = Registry(keeping, clock.now_micros())
        return cls(registry, Dispatcher(registry, keeping, clock, send), clock, keeping)

    def now(self) -> int:
        """Microseconds since 1970 UTC."""
        return self.clock.now_micros()
