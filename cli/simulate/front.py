"""The callables as the simulation calls them: in this process, or over HTTP as a till does."""

import threading
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from emulator.client import CallFailed, StackClient
from emulator.stack import Stack
from emulator.tokens import id_token
from lib.domain.checkout import TillOrder, Wish
from lib.domain.commands import Command
from lib.domain.discrepancies import Decision, Resolution
from lib.domain.errors import PerennialError, Unavailable
from lib.domain.ids import fingerprint
from lib.domain.ledger import Actor
from lib.domain.money import cents_from_dollars
from lib.usecases import customers, points, reconciliation, redemptions, settings

Answer: TypeAlias = "dict[str, Any]"
_TILL = "till-1"


class Busy(Exception):
    """The call was not carried out for want of a database that answers; the same call again may be."""


class Front(Protocol):
    """Where a till's calls go."""

    def call(self, function: str, data: Answer, *, at: datetime) -> Answer:
        """The answer of a callable, `{"ok": False, "reason": …}` where it raises. `at`: when it is called, where that
        can be arranged. Raises Busy."""


class InProcess:
    """Calls the use cases directly."""

    def call(self, function: str, data: Answer, *, at: datetime) -> Answer:
        body = {name: value for name, value in data.items() if name != "idempotencyKey"}
        command = Command(
            function=function,
            org_id=data["orgId"],
            actor=Actor("staff", _TILL),
            key=data["idempotencyKey"],
            fingerprint=fingerprint(body),
            at=at,
        )
        try:
            return _carried_out(command, data)
        except Unavailable as error:
            raise Busy from error
        except PerennialError as error:
            return {"ok": False, "reason": error.reason or error.kind.value}


def _carried_out(command: Command, data: Answer) -> Answer:
    match command.function:
        case "hold_redemption":
            order = TillOrder(data["orderId"], cents_from_dollars(data["orderTotal"]))
            return redemptions.hold(command, data["customerId"], order, Wish(points=data["points"]))
        case "capture_redemption":
            return redemptions.capture(command, data["redemptionId"], data.get("points"))
        case "void_redemption":
            return redemptions.void(command, data["redemptionId"])
        case "reinstate_redemption":
            return redemptions.reinstate(command, data["redemptionId"], data["reason"])
        case "adjust_points":
            return points.adjust(command, data["customerId"], data["points"], data["reason"])
        case "sync_customer":
            return customers.sync(command, data["customerId"])
        case "update_loyalty_settings":
            return settings.update(command, data["settings"])
        case "sync_loyalty":
            return reconciliation.sync_customer(command.org_id, data["customerId"], command.key, command.actor)
        case "resolve_discrepancy":
            resolution = None if data["resolution"] == "review" else Resolution(data["resolution"])
            decision = Decision(resolution, data["reason"], data.get("points"))
            return reconciliation.resolve(command, data["customerId"], decision)
        case unknown:
            raise ValueError(unknown)


class OverHttp:
    """Calls the functions host with a token of the org's owner; a connection for each thread."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._thread = threading.local()

    def call(self, function: str, data: Answer, *, at: datetime) -> Answer:
        client: StackClient | None = getattr(self._thread, "client", None)
        if client is None:
            client = self._thread.client = StackClient(
                self._stack.project, self._stack.firestore, self._stack.functions
            )
        token = id_token(self._stack.project, _TILL, {"orgId": data["orgId"], "role": "owner"})
        try:
            answer: Answer = client.call(function, data, token=token)
        except CallFailed as failure:
            if failure.status in ("UNAVAILABLE", "INTERNAL"):
                raise Busy from failure
            reason = (failure.details or {}).get("reason") if isinstance(failure.details, dict) else None
            return {"ok": False, "reason": reason or failure.status}
        return answer
