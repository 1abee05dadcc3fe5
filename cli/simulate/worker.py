"""One caller of the simulation: writes orders, delivers their events, works a till; customers are everybody's."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from cli.simulate.books import Deserves, Phase
from cli.simulate.events import Delivery, Events
from cli.simulate.faults import Crash, Faults
from cli.simulate.orders import Edit, Paper, SimOrder, dated, matters, new_order, next_edit
from cli.simulate.people import ORGS, Person
from cli.simulate.rewards import Till
from cli.simulate.world import World, is_recorded
from lib.domain.errors import Unavailable
from lib.domain.sweeps import LATE
from lib.usecases.orders import OrderChange, record_order

# Above this many events on their way, the next step delivers one.
_BACKLOG_MAX = 15
_HOT_ORDERS = 4


@dataclass(slots=True)
class _Known:
    """An order as this worker left it: the document, and which of its writes that is."""

    order: SimOrder
    paper: Paper | None = None
    version: int = -1
    undelivered: Deserves | None = None
    was_returned: bool = False


@dataclass(slots=True)
class Worker:
    """Owns its orders and their events, so that it knows every state of them; customers are everybody's.

    `delivers`: events are delivered here; otherwise the stack does that, and the oracle is told how orders ended.
    """

    index: int
    world: World
    faults: Faults
    chance: Random
    events: Events
    till: Till
    delivers: bool = True
    touched: set[str] = field(default_factory=set)
    _orders: dict[str, _Known] = field(default_factory=dict)

    def step(self) -> None:
        """One delivery, or a round at the till. `touched` says whose customers it concerned."""
        self.touched = set()
        if self._orders and self.chance.random() < 0.3:
            self._call()
        elif not self.delivers:
            self._write()
            self._learn(self._any_order())
        else:
            while not len(self.events) or (len(self.events) < _BACKLOG_MAX and self.chance.random() < 0.4):
                self._write()
            self._deliver(self.events.next())

    def drain(self) -> None:
        """Delivers everything that is on its way, or waits for nothing and tells the oracle how each order ended."""
        while len(self.events):
            self._deliver(self.events.next())
        for known in self._orders.values():
            if known.undelivered:
                now = self.world.timeline.now
                self.world.oracle.delivered(known.order.id, known.version, known.undelivered, now)
                known.undelivered = None

    def _write(self) -> None:
        if not self._orders or self.chance.random() < 0.15:
            self._place()
        else:
            known = self._any_order()
            self._apply(known, next_edit(self.chance, known.order, self._somebody_known(known.order)))
        self.world.count("order writes")

    def _place(self) -> None:
        person = None if self.chance.random() < 0.03 else self.chance.choice(self.world.people)
        org_id = person.org_id if person else self.chance.choice(ORGS)
        order_id = f"order-{self.index}-{len(self._orders)}"
        order = new_order(self.chance, order_id, person, org_id, self.world.timeline.now)
        known = _Known(order)
        self._orders[order_id] = known
        self._write_over(known, Edit(order.fields, order.state), None)

    def _apply(self, known: _Known, edit: Edit) -> None:
        self._catch_up(known)
        before = known.order.state
        known.order.state = edit.state
        known.order.fields |= edit.fields
        self._write_over(known, edit, before)

    def _write_over(self, known: _Known, edit: Edit, before: Deserves | None) -> None:
        """Merges the edit into the document and sends its event."""
        reference = self.world.client.document("orders", known.order.id)
        fields = {**edit.fields, **dated(self.chance, self.world.timeline.now)}
        written_at: Any = reference.set(fields, merge=True).update_time
        if self.delivers:
            self.faults.rewritten(known.order.id)
            paper = (known.paper or Paper({}, written_at, written_at)).with_fields(fields, written_at)
        else:
            paper = Paper.of(reference.get())
        self._send(known, paper, edit.state, matters=matters(before, edit))

    def _catch_up(self, known: _Known) -> None:
        """The product tells an order whose it is, which makes an event like any other write. It may be worked, and has
        to be only where the event of the write before is still on its way."""
        if known.paper is None or (self.delivers and not self.faults.rewritten(known.order.id)):
            return
        paper = Paper.of(self.world.client.document("orders", known.order.id).get())
        if paper.updated_at != known.paper.updated_at:
            self._send(known, paper, known.order.state, matters=None)

    def _send(self, known: _Known, after: Paper, state: Deserves, *, matters: bool | None) -> None:
        before, known.paper = known.paper, after
        known.version += 1
        self.world.present[known.order.id] = (known.version, state)
        known.was_returned |= state.phase is Phase.RETURNED
        if not self.delivers:
            known.undelivered = state if matters and state.phase is not Phase.UNCLEAR else known.undelivered
            return
        change = OrderChange(
            order_id=known.order.id,
            before=before.fields if before else None,
            after=after.fields,
            created_at=after.created_at,
            updated_at=after.updated_at,
        )
        self.events.send(Delivery(change, known.version, state, matters))

    def _deliver(self, delivery: Delivery) -> None:
        order_id, outcome = delivery.change.order_id, None
        version, state = delivery.version, delivery.state
        if self.world.timeline.now - delivery.change.updated_at >= LATE:
            # Told so late, the order is recorded as it is by now, with what the product itself has written there.
            self._catch_up(self._orders[order_id])
            version, state = self.world.present[order_id]
        written: set[str] = set()
        try:
            with self.faults.on(self.chance) as written:
                outcome = record_order(delivery.change)
        except (Crash, Unavailable):
            self.world.count("events delivered again after a failure")
            self.events.again(delivery)
        recorded = is_recorded(order_id, written)
        if recorded and delivery.matters is False:
            self.world.problem(f"{order_id}: an event of nothing that matters was recorded")
        if recorded or (outcome and delivery.matters):
            self.touched |= self.world.order_worked(order_id, version, state, written)
        if outcome:
            self.world.count("events delivered")
            self.world.count(f"event {outcome.value}")
            self._catch_up(self._orders[order_id])

    def _learn(self, known: _Known) -> None:
        person = self.world.oracle.people.get(known.order.state.person or "")
        if person and not known.order.moved:
            self.world.learn(person, known.order.id)

    def _call(self) -> None:
        person = self.chance.choice(self.world.people)
        customer_id = self.world.customer_ids.get(person.key)
        roll = self.chance.random()
        if roll < 0.4:
            person_of_before = self.till.go_on()
            self.touched |= {person_of_before.key} if person_of_before else set()
        elif roll < 0.85:
            self._hold()
        elif customer_id:
            self.till.adjust(person, customer_id)
            self.touched.add(person.key)

    def _hold(self) -> None:
        known = self._any_order()
        if known.was_returned and not self.delivers:
            # Its return may still be on the way and take the reward back, or not: nobody could say.
            return
        order = known.order
        person = self.world.oracle.people.get(order.state.person or "")
        customer_id = self.world.customer_ids.get(person.key) if person else None
        if person and customer_id:
            self.till.hold(person, customer_id, order)
            self.touched.add(person.key)

    def _any_order(self) -> _Known:
        """Mostly one of the newest: only orders that are written often have several events on their way."""
        newest = len(self._orders)
        oldest = max(0, newest - _HOT_ORDERS) if self.chance.random() < 0.8 else 0
        return self._orders[f"order-{self.index}-{self.chance.randrange(oldest, newest)}"]

    def _somebody_known(self, order: SimOrder) -> tuple[Person, str] | None:
        """Somebody else of the order's org who has a customer document."""
        owner = self.world.oracle.people.get(order.state.person or "")
        candidates = [self.chance.choice(self.world.people) for _ in range(8)]
        for person in candidates:
            customer_id = self.world.customer_ids.get(person.key)
            if owner and customer_id and person.org_id == owner.org_id and person is not owner:
                return person, customer_id
        return None
