"""Callables of redeeming points: quote, hold, capture, void, reinstate."""

from typing import Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from functions import edge
from functions.edge import Call, DocumentId, Dollars, Input, Json, Points, Text, WriteInput
from lib.domain.access import Action
from lib.domain.checkout import TillOrder, Wish
from lib.usecases import redemptions


class QuoteInput(Input):
    """`orderId` and `orderTotal` (dollars, before rewards) together or, for what could be had on any order, neither."""

    customer_id: DocumentId
    order_id: DocumentId | None = None
    order_total: Dollars | None = None

    @model_validator(mode="after")
    def _order_is_whole(self) -> Self:
        if (self.order_id is None) != (self.order_total is None):
            raise PydanticCustomError("order", "orderId and orderTotal belong together")
        return self

    @property
    def order(self) -> TillOrder | None:
        """The order at the till, if one was named."""
        if self.order_id is None or self.order_total is None:
            return None
        return TillOrder(self.order_id, self.order_total)


class HoldInput(WriteInput):
    """Either `points` or `rewardTierId`. `orderTotal` in dollars, before rewards."""

    customer_id: DocumentId
    order_id: DocumentId
    order_total: Dollars
    points: Points | None = None
    reward_tier_id: str | None = None

    @model_validator(mode="after")
    def _one_wish(self) -> Self:
        if (self.points is None) == (self.reward_tier_id is None):
            raise PydanticCustomError("wish", "exactly one of points and rewardTierId is required")
        return self


class CaptureInput(WriteInput):
    """`points`: how many of those held; all when absent."""

    redemption_id: DocumentId
    points: Points | None = None


class VoidInput(WriteInput):
    redemption_id: DocumentId


class ReinstateInput(WriteInput):
    """`reason` stands in the ledger."""

    redemption_id: DocumentId
    reason: Text


@edge.on_call(Action.QUOTE_REDEMPTION, QuoteInput)
def quote_redemption(call: Call[QuoteInput]) -> Json:
    """What a customer may redeem now."""
    return redemptions.quote(call.data.org_id, call.actor, call.data.customer_id, call.data.order)


@edge.on_call(Action.HOLD_REDEMPTION, HoldInput)
def hold_redemption(call: Call[HoldInput]) -> Json:
    """Sets points aside for an order."""
    data = call.data
    order = TillOrder(data.order_id, data.order_total)
    return redemptions.hold(call.command(), data.customer_id, order, Wish(data.points, data.reward_tier_id))


@edge.on_call(Action.CAPTURE_REDEMPTION, CaptureInput)
def capture_redemption(call: Call[CaptureInput]) -> Json:
    """Spends held points, all or in part."""
    return redemptions.capture(call.command(), call.data.redemption_id, call.data.points)


@edge.on_call(Action.VOID_REDEMPTION, VoidInput)
def void_redemption(call: Call[VoidInput]) -> Json:
    """Lets a hold go."""
    return redemptions.void(call.command(), call.data.redemption_id)


@edge.on_call(Action.REINSTATE_REDEMPTION, ReinstateInput)
def reinstate_redemption(call: Call[ReinstateInput]) -> Json:
    """Gives a captured reward back, once."""
    return redemptions.reinstate(call.command(), call.data.redemption_id, call.data.reason)
