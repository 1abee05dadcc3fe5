"""The till's side of the simulation: holds, captures, voids, reinstatements and adjustments, repeated and misused."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from cli.simulate.faults import Crash, Faults
from cli.simulate.front import Answer, Busy, InProcess
from cli.simulate.orders import SimOrder
from cli.simulate.people import GREEN, Person
from cli.simulate.world import World

_ATTEMPTS_MAX = 50
_LATE = timedelta(minutes=31)


@dataclass(slots=True)
class _Reward:
    """A hold that was accepted: open, or captured with so many points; None when it has gone back."""

    id: str
    person: Person
    points: int
    captured: int = 0


@dataclass(slots=True)
class Till:
    """One worker's till. Every accepted call is told to the oracle; every refusal is counted by its reason."""

    world: World
    faults: Faults
    chance: Random
    name: str
    _rewards: list[_Reward] = field(default_factory=list)
    _calls: int = 0
    _written: set[str] = field(default_factory=set)

    def hold(self, person: Person, customer_id: str, order: SimOrder) -> None:
        """Asks for a reward on an order, often for more than there is or for an amount that no tier has."""
        order.redeemed = True
        points = self.chance.choice((20, 50, 100, 37 if person.org_id == GREEN else self.chance.randrange(20, 300)))
        total_cents = max(order.state.cents, 100)
        data = {"orgId": person.org_id, "customerId": customer_id, "orderId": order.id,
                "orderTotal": total_cents / 100, "points": points}  # fmt: skip
        answer = self._call("hold_redemption", data)
        if answer["ok"]:
            reward = _Reward(answer["redemption"]["id"], person, points)
            self._others_ended(but=reward.id)
            self.world.oracle.held(reward.id, person.key, order.id, points, self.world.timeline.now)
            self._rewards.append(reward)
        else:
            self._others_ended()

    def go_on(self) -> Person | None:
        """Does something with a reward of before; whose it was."""
        if not self._rewards:
            return None
        reward = self._rewards.pop(self.chance.randrange(len(self._rewards)))
        if reward.captured:
            self._reinstate(reward)
        elif self.chance.random() < 0.3:
            self._void(reward)
        else:
            self._capture(reward)
        return reward.person

    def adjust(self, person: Person, customer_id: str) -> None:
        """Gives or takes points by hand."""
        points = self.chance.choice((-60, -10, -1, 5, 80))
        data = {"orgId": person.org_id, "customerId": customer_id, "points": points, "reason": "simulated"}
        if self._call("adjust_points", data)["ok"]:
            self._others_ended()
            self.world.oracle.adjusted(person.key, points, self.world.timeline.now)

    def sync(self, person: Person, customer_id: str) -> None:
        """Has one customer recomputed at a moment when no event is on its way, so that there is nothing to do but what
        time or new settings have brought."""
        answer = self._call("sync_customer", {"orgId": person.org_id, "customerId": customer_id})
        self.world.oracle.seen(self.world.customers_in(self._written), self.world.timeline.now)
        is_ruled_anew = self.world.shops[person.org_id].changed_at is not None
        if not answer["ok"] or answer["ordersRecorded"] or (answer["repaired"] and not is_ruled_anew):
            self.world.problem(f"{person.key}: nothing was behind, yet sync_customer says {answer}")

    def _capture(self, reward: _Reward) -> None:
        points = self.chance.choice((None, reward.points, self.chance.randrange(1, reward.points + 1)))
        data: Answer = {"orgId": reward.person.org_id, "redemptionId": reward.id}
        if points is not None:
            data["points"] = points
        at = self.world.timeline.now
        timeline = self.world.timeline
        # Where time leaps there are late calls enough, and none may come before what was done at a later time.
        if isinstance(self.world.front, InProcess) and not timeline.stands and self.chance.random() < 0.1:
            at += _LATE
        answer = self._call("capture_redemption", data, at=at)
        if answer["ok"]:
            reward.captured = points or reward.points
            self.world.oracle.captured(reward.id, reward.captured, at)
            self._rewards.append(reward)
        elif answer["reason"] == "hold_expired":
            self.world.oracle.given_back(reward.id, at)
        elif answer["reason"] == "below_minimum":
            self._rewards.append(reward)

    def _void(self, reward: _Reward) -> None:
        if self._call("void_redemption", {"orgId": reward.person.org_id, "redemptionId": reward.id})["ok"]:
            self.world.oracle.given_back(reward.id, self.world.timeline.now)

    def _reinstate(self, reward: _Reward) -> None:
        data = {"orgId": reward.person.org_id, "redemptionId": reward.id, "reason": "simulated"}
        if self._call("reinstate_redemption", data)["ok"]:
            self.world.oracle.given_back(reward.id, self.world.timeline.now)

    def _others_ended(self, but: str = "") -> None:
        """Whoever acts on a customer ends the holds that have timed out."""
        self.world.holds_ended(self._written, but)

    def _call(self, function: str, data: Answer, *, at: datetime | None = None) -> Answer:
        """One call with a key of its own, repeated until it is answered, and now and then once more, or misused."""
        self._calls += 1
        at = at or self.world.timeline.now
        keyed = {**data, "idempotencyKey": f"{self.name}-{self._calls}"}
        self._written = set()
        answer = self._answered(function, keyed, at)
        self.world.count(f"{function}: {'accepted' if answer['ok'] else answer['reason']}")
        if answer["ok"] and self.chance.random() < 0.2:
            self._repeat(function, keyed, answer, at)
        return answer

    def _repeat(self, function: str, keyed: Answer, answer: Answer, at: datetime) -> None:
        if self._answered(function, keyed, at) != answer:
            self.world.problem(f"{function} answered another thing to the same key and input")
        if "points" in keyed:
            other = self._answered(function, {**keyed, "points": keyed["points"] * 2}, at)
            if other.get("reason") != "idempotency_key_reused":
                self.world.problem(f"{function} took a key that was used with another input: {other}")
        self.world.count("calls repeated")

    def _answered(self, function: str, keyed: Answer, at: datetime) -> Answer:
        for _ in range(_ATTEMPTS_MAX):
            written: set[str] = set()
            try:
                with self.faults.on(self.chance) as written:
                    return self.world.front.call(function, keyed, at=at)
            except (Crash, Busy):
                self.world.count("calls sent again after no answer")
            finally:
                self._written |= written
        raise RuntimeError(f"{function} was not answered in {_ATTEMPTS_MAX} attempts")
