"""Consent: what staff record and look up, and the page behind the unsubscribe link of every message.

The use case knows how links are signed, which other functions need not load: it is imported where it is used.
"""

from http import HTTPStatus
from typing import Annotated, Literal, Self

from flask import Response
from pydantic import StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from functions import edge
from functions.edge import Button, Call, DocumentId, Input, Json, PageSize, Visit, WriteInput
from lib.domain.access import Action
from lib.domain.consent import Channel, ConsentKind, ConsentSource

_Address = Annotated[str, StringConstraints(min_length=3, max_length=254)]
_Wording = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
_ONE_OF_THEM = "exactly one of customerId and address is required"

_KINDS = {
    "grant": ConsentKind.MARKETING_GRANTED,
    "revoke_marketing": ConsentKind.MARKETING_WITHDRAWN,
    "revoke_all": ConsentKind.ALL_WITHDRAWN,
}
_WHAT = {Channel.EMAIL: "marketing e-mails", Channel.SMS: "marketing texts"}


class SetConsentInput(WriteInput):
    """`address`: a telephone number or e-mail address, of whoever says so without being a customer.

    `wording`: what the person was shown or told, or has said; a grant needs it. `source`: how a grant was asked for.
    """

    channel: Literal["sms", "email"]
    statement: Literal["grant", "revoke_marketing", "revoke_all"]
    customer_id: DocumentId | None = None
    address: _Address | None = None
    source: Literal["check_in", "enrolment", "web_form", "staff"] = "staff"
    wording: _Wording = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.customer_id is None) == (self.address is None):
            raise PydanticCustomError("person", _ONE_OF_THEM)
        if self.statement == "grant" and not self.wording:
            raise PydanticCustomError("wording", "a grant needs the wording that was agreed to")
        return self


class GetConsentInput(Input):
    """Of a customer on both channels, or of an address on its `channel`. `limit`: entries of each log."""

    customer_id: DocumentId | None = None
    address: _Address | None = None
    channel: Literal["sms", "email"] | None = None
    limit: PageSize = 20

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.customer_id is None) == (self.address is None):
            raise PydanticCustomError("person", _ONE_OF_THEM)
        if self.address is not None and self.channel is None:
            raise PydanticCustomError("channel", "an address needs its channel")
        return self


@edge.on_call(Action.SET_CONSENT, SetConsentInput)
def set_consent(call: Call[SetConsentInput]) -> Json:
    """Enters what a person has said at the till: no more messages, or that they agree to some."""
    from lib.usecases import consents
    from lib.usecases.consents import Person, Statement

    data = call.data
    statement = Statement(_KINDS[data.statement], ConsentSource(data.source), data.wording)
    return consents.record(call.command(), Person(data.customer_id, data.address), Channel(data.channel), statement)


@edge.on_call(Action.GET_CONSENT, GetConsentInput)
def get_consent(call: Call[GetConsentInput]) -> Json:
    """Whether somebody may be written to, why not, and what their log says."""
    from lib.usecases import consents
    from lib.usecases.consents import Person

    data = call.data
    channels = (Channel(data.channel),) if data.channel else tuple(Channel)
    return consents.state(data.org_id, Person(data.customer_id, data.address), channels, limit=data.limit)


@edge.on_page
def unsubscribe(visit: Visit) -> Response:
    """`?token=`: GET asks and changes nothing, since mail scanners follow links; POST unsubscribes at once (RFC 8058).

    A POST is answered with 200 whatever its token is worth: the sender of a one-click can do nothing about it.
    """
    from lib.usecases import consents
    from lib.usecases.consents import Choice

    request = consents.read_link(visit.query.get("token") or visit.form.get("token", ""))
    if request is None:
        status = HTTPStatus.OK if visit.posts else HTTPStatus.NOT_FOUND
        return edge.page("This link is not valid.", ["Please use the link of a newer message."], status=status)
    what = _WHAT[request.channel]
    if not visit.posts:
        return edge.page(f"Stop {what}?", button=Button("Unsubscribe", "choice", Choice.UNSUBSCRIBE))
    if visit.form.get("choice") == Choice.SUBSCRIBE:
        followed = consents.follow(request, Choice.SUBSCRIBE)
        return edge.page(f"You will get {what} again." if followed else "This link can only unsubscribe.")
    consents.follow(request, Choice.UNSUBSCRIBE)
    again = Button("Subscribe again", "choice", Choice.SUBSCRIBE) if request.signed else None
    return edge.page("You are unsubscribed.", [f"You will get no more {what} from this shop."], again)
