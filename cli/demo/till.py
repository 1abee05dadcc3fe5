"""A cashier redeeming points through the callables: everything that can happen to a reward at a till, in turn."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from emulator.client import StackClient

Json = dict[str, Any]


class UnexpectedAnswer(Exception):
    """A callable answered something else than what must happen at this point."""


@dataclass(frozen=True, slots=True)
class Sale:
    """An order that earned, and its total in cents."""

    order_id: str
    total_cents: int


@dataclass(frozen=True, slots=True)
class Shopper:
    """A customer with points and the order on which some of them are redeemed."""

    customer_id: str
    sale: Sale


class Act(StrEnum):
    """What was done to a redemption."""

    HOLD = "hold"
    CAPTURE = "capture"
    VOID = "void"
    REINSTATE = "reinstate"


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that was done to a redemption, once, and the points it held or captured."""

    act: Act
    redemption_id: str
    customer_id: str
    order_id: str
    points: int


@dataclass(slots=True)
class Till:
    """Serves shoppers one after another. `redeemed` are the points each customer has spent for good, `moves` everything
    that was done, in order.

    `call_seconds` are all calls, `redeem_seconds` a hold and its capture together. `forgets`: where time passes, so
    that somebody may leave a hold to time out.
    """

    api: StackClient
    org_id: str
    token: str
    outcomes: Counter[str] = field(default_factory=Counter)
    redeemed: Counter[str] = field(default_factory=Counter)
    call_seconds: list[float] = field(default_factory=list)
    redeem_seconds: list[float] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    forgets: bool = False

    def serve(self, shoppers: Iterable[Shopper]) -> None:
        """Each shopper gets the next scene. Raises UnexpectedAnswer or the client's CallFailed."""
        scenes: list[Callable[[Shopper, str], str]] = [
            self._captured,
            self._captured_in_part,
            self._changed_mind,
            self._second_hold,
            self._given_back,
            self._bad_connection,
            *([self._left_open] if self.forgets else []),
        ]
        for shopper in shoppers:
            reward, scene = self._offer(shopper), scenes[self.outcomes.total() % len(scenes)]
            self.outcomes[scene(shopper, reward) if reward else "nothing fits the order"] += 1

    def ledger(self, customer_id: str) -> Json:
        """The newest page of a customer's ledger, explained."""
        return self._call("get_ledger", customerId=customer_id)

    def _offer(self, shopper: Shopper) -> str | None:
        """The best reward that this customer can have on this order, None when there is none."""
        total = shopper.sale.total_cents / 100
        quote = self._call(
            "quote_redemption", customerId=shopper.customer_id, orderId=shopper.sale.order_id, orderTotal=total
        )
        return quote["best"]["rewardTierId"] if quote["ok"] and quote["best"] else None

    def _captured(self, shopper: Shopper, reward: str) -> str:
        self._redeem(shopper, reward)
        return "captured"

    def _captured_in_part(self, shopper: Shopper, reward: str) -> str:
        self._redeem(shopper, reward, parts=2)
        return "captured in part, the rest came back"

    def _changed_mind(self, shopper: Shopper, reward: str) -> str:
        held = self._hold(shopper, reward)
        self._done("void_redemption", redemptionId=held["id"], idempotencyKey=f"{held['id']}-void")
        self._note(Act.VOID, held, held["points"])
        return "hold voided"

    def _left_open(self, shopper: Shopper, reward: str) -> str:
        self._hold(shopper, reward)
        return "hold left to time out"

    def _second_hold(self, shopper: Shopper, reward: str) -> str:
        held = self._hold(shopper, reward)
        again = self._call("hold_redemption", **self._wish(shopper, reward, key="second"))
        if again.get("reason") != "order_already_has_hold":
            raise UnexpectedAnswer(f"a second hold on order {shopper.sale.order_id}: {again}")
        self._capture(held)
        return "captured, a second hold refused"

    def _given_back(self, shopper: Shopper, reward: str) -> str:
        held = self._redeem(shopper, reward)
        key = f"{held['id']}-reinstate"
        self._done("reinstate_redemption", redemptionId=held["id"], reason="wrong customer", idempotencyKey=key)
        self.redeemed[shopper.customer_id] -= held["points"]
        self._note(Act.REINSTATE, held, held["points"])
        return "captured, then given back"

    def _bad_connection(self, shopper: Shopper, reward: str) -> str:
        """Every call is sent twice, as a till does that missed the answer."""
        held, held_again = self._hold(shopper, reward), self._hold(shopper, reward)
        first = self._capture(held)
        again = self._done("capture_redemption", redemptionId=held["id"], idempotencyKey=f"{held['id']}-capture")
        if held != held_again or first != again:
            raise UnexpectedAnswer(f"the same call twice on order {shopper.sale.order_id} had two answers")
        return "captured, every call sent twice"

    def _wish(self, shopper: Shopper, reward: str, key: str) -> Json:
        return {
            "customerId": shopper.customer_id,
            "orderId": shopper.sale.order_id,
            "orderTotal": shopper.sale.total_cents / 100,
            "rewardTierId": reward,
            "idempotencyKey": f"{shopper.sale.order_id}-{key}",
        }

    def _redeem(self, shopper: Shopper, reward: str, parts: int = 1) -> Json:
        """Holds a reward and captures its points, or one of so many parts of them; timed. The redemption as held."""
        started = time.perf_counter()
        held = self._hold(shopper, reward)
        self._capture(held, **({"points": held["points"] // parts} if parts > 1 else {}))
        self.redeem_seconds.append(time.perf_counter() - started)
        return held

    def _hold(self, shopper: Shopper, reward: str) -> Json:
        held = self._done("hold_redemption", **self._wish(shopper, reward, key="hold"))
        self._note(Act.HOLD, held, held["points"])
        return held

    def _capture(self, held: Json, **part: int) -> Json:
        captured = self._done(
            "capture_redemption", redemptionId=held["id"], idempotencyKey=f"{held['id']}-capture", **part
        )
        self.redeemed[captured["customerId"]] += captured["capturedPoints"]
        self._note(Act.CAPTURE, captured, captured["capturedPoints"])
        return captured

    def _note(self, act: Act, redemption: Json, points: int) -> None:
        """Takes down what was done; sent twice, it was done once."""
        move = Move(act, redemption["id"], redemption["customerId"], redemption["orderId"], points)
        if move not in self.moves[-2:]:
            self.moves.append(move)

    def _done(self, function: str, **data: Any) -> Json:
        """The redemption after a call that must succeed."""
        answer = self._call(function, **data)
        if not answer["ok"]:
            raise UnexpectedAnswer(f"{function}: {answer}")
        redemption: Json = answer["redemption"]
        return redemption

    def _call(self, function: str, **data: Any) -> Json:
        started = time.perf_counter()
        answer: Json = self.api.call(function, {"orgId": self.org_id, **data}, token=self.token)
        self.call_seconds.append(time.perf_counter() - started)
        return answer
