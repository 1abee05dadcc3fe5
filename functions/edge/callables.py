"""Callables: a verified caller, an allowed action, checked input; then one use case; then its answer as JSON."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from firebase_functions import https_fn
from flask import Request, Response

from functions.edge import errors, runtime
from functions.edge.envelopes import is_envelope
from functions.edge.inputs import Input, WriteInput, org_of, parse
from lib.domain.access import Action, Caller, Reach, Role, authorise
from lib.domain.commands import Command
from lib.domain.errors import InvalidInput
from lib.domain.ids import fingerprint
from lib.domain.ledger import Actor
from lib.platform import clock, identity

Json: TypeAlias = dict[str, Any]
Endpoint: TypeAlias = Callable[[Request], Response]
Data = TypeVar("Data", bound=Input)
WriteData = TypeVar("WriteData", bound=WriteInput)

runtime.configure()


@dataclass(frozen=True, slots=True)
class Call(Generic[Data]):
    """One authorised call: its checked input, who calls, and whose data it may touch."""

    action: Action
    data: Data
    caller: Caller
    reach: Reach

    @property
    def own_uid(self) -> str | None:
        """The caller's uid when it may only see itself, None when it may see every customer of the org."""
        return self.caller.uid if self.reach is Reach.OWN_CUSTOMER else None

    @property
    def actor(self) -> Actor:
        """The caller as ledger entries and histories name it."""
        return Actor("customer" if self.caller.role is Role.CUSTOMER else "staff", self.caller.uid)

    def command(self: "Call[WriteData]") -> Command:
        """The call as a request for an effect."""
        content = self.data.model_dump(mode="json", exclude={"idempotency_key"})
        return Command(
            function=self.action.value,
            org_id=self.data.org_id,
            actor=self.actor,
            key=self.data.idempotency_key,
            fingerprint=fingerprint(content),
            at=clock.now(),
        )


def on_call(action: Action, model: type[Data]) -> Callable[[Callable[[Call[Data]], Json]], Endpoint]:
    """Declares the callable named as the action: `handler` gets an authorised `Call` and returns plain JSON.

    Order of checks: token, org, role, then the input, so that a stranger learns nothing about what a function takes.
    """

    def declare(handler: Callable[[Call[Data]], Json]) -> Endpoint:
        @functools.wraps(handler)
        def answer(request: https_fn.CallableRequest[Any]) -> Json:
            try:
                caller = identity.caller(request.auth.token if request.auth else None)
                reach = authorise(caller, org_of(request.data), action)
                return handler(Call(action, parse(model, request.data), caller, reach))
            except Exception as error:  # noqa: BLE001  # nothing may reach the caller but what `public` lets through
                raise errors.https_error(errors.public(action.value, error)) from None

        endpoint: Endpoint = https_fn.on_call()(answer)  # type: ignore[assignment]  # the SDK names the wrong type
        return _guarded(endpoint)

    return declare


def _guarded(endpoint: Endpoint) -> Endpoint:
    """Answers what is not in the callable protocol. The SDK would answer INTERNAL, and log the values it did not expect
    with whatever personal data is in them."""

    @functools.wraps(endpoint)
    def answer(request: Request) -> Response:
        identity.prepare()
        if request.method == "POST" and not is_envelope(request):
            return errors.callable_response(InvalidInput('the body must be {"data": ...} as application/json'))
        return endpoint(request)

    return answer
