"""Callables about a customer's points: the balance, the ledger in words, and adjustments by hand."""

from typing import Annotated, Self

from pydantic import StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from functions import edge
from functions.edge import Call, DocumentId, Input, Json, PageSize, SignedPoints, Text, WriteInput
from lib.domain.access import Action
from lib.domain.errors import InvalidInput
from lib.usecases import points, reconciliation
from lib.usecases.points import Who

Contact = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=254)]


class WhoInput(Input):
    """Exactly one of the three from staff. None of them from a shopper, who can only ask about itself."""

    customer_id: DocumentId | None = None
    phone: Contact | None = None
    email: Contact | None = None

    @model_validator(mode="after")
    def _at_most_one(self) -> Self:
        if sum(value is not None for value in (self.customer_id, self.phone, self.email)) > 1:
            raise PydanticCustomError("who", "only one of customerId, phone and email may be given")
        return self


class LedgerInput(WhoInput):
    """`cursor`: the `nextCursor` of the page before. `limit`: entries a page."""

    cursor: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    limit: PageSize = 20


class AdjustInput(WriteInput):
    """`points` to add or, negative, to take. `reason` stands in the ledger, which the customer may read."""

    customer_id: DocumentId
    points: SignedPoints
    reason: Text


@edge.on_call(Action.CHECK_POINTS, WhoInput)
def check_points(call: Call[WhoInput]) -> Json:
    """What a customer has, here and at Alpine IQ."""
    return reconciliation.beside(call.data.org_id, points.check(call.data.org_id, _who(call)))


@edge.on_call(Action.GET_LEDGER, LedgerInput)
def get_ledger(call: Call[LedgerInput]) -> Json:
    """How a customer came to it."""
    data, own = call.data, call.own_uid is not None
    return points.history(data.org_id, _who(call), cursor=data.cursor, limit=data.limit, names_staff=not own)


@edge.on_call(Action.ADJUST_POINTS, AdjustInput)
def adjust_points(call: Call[AdjustInput]) -> Json:
    """Moves points by hand."""
    data = call.data
    return points.adjust(call.command(), data.customer_id, data.points, data.reason)


def _who(call: Call[WhoInput] | Call[LedgerInput]) -> Who:
    data = call.data
    if call.own_uid is not None:
        return Who(uid=call.own_uid)
    if not (data.customer_id or data.phone or data.email):
        raise InvalidInput("one of customerId, phone and email is required")
    return Who(data.customer_id, data.phone, data.email)
