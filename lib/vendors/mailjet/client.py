"""Sends e-mails through Mailjet, up to fifty in a request, each with a result of its own."""

from collections.abc import Sequence
from typing import Final

from lib.domain.errors import InvalidInput
from lib.vendors import http
from lib.vendors.breaker import BreakerView
from lib.vendors.errors import VendorError
from lib.vendors.http import Budget, Request
from lib.vendors.limiter import Rate
from lib.vendors.mailjet.config import VENDOR, MailjetConfig
from lib.vendors.mailjet.wire import message_body, results_in
from lib.vendors.outcomes import Safety
from lib.vendors.senders import EmailMessage, Outcome, SendResult, result_of

SEND: Final = Budget("send", read_seconds=30.0, total_seconds=60.0, tries=3)

# They document no rate, only 429.
RATE: Final = Rate(requests=10, seconds=1.0)


class Mailjet:
    """One account; an EmailSender. Safe for many threads, which share its rate limit and circuit breaker."""

    name = VENDOR
    batch_max = 50

    def __init__(self, config: MailjetConfig, *, budget: Budget = SEND, rate: Rate = RATE) -> None:
        self._config = config
        self._channel = http.channel(VENDOR, config.base_url, config.api_key, budget=budget, rate=rate)

    @property
    def circuit(self) -> BreakerView:
        """The circuit breaker of this account and budget."""
        return self._channel.circuit

    def send(self, messages: Sequence[EmailMessage]) -> tuple[SendResult, ...]:
        """Hand over up to 50 messages, once; one result each, in their order.

        A message that cannot be sent as it is (a line break in its subject) is refused here and holds up no other.
        There is no idempotency key: what may have been taken is UNKNOWN, and the events, which carry our message id,
        tell later. Raises ValueError for more than 50 messages, and for two with the same id.
        """
        if len(messages) > self.batch_max:
            raise ValueError(f"at most {self.batch_max} messages a call")
        if len({message.message_id for message in messages}) != len(messages):
            raise ValueError("two messages with the same id")
        results: dict[str, SendResult] = {}
        bodies = []
        for message in messages:
            try:
                bodies.append((message, message_body(message, self._config.sender)))
            except InvalidInput as error:
                results[message.message_id] = SendResult(Outcome.REFUSED, reason=error.reason or "invalid")
        sendable = [message for message, _ in bodies]
        if bodies:
            told = self._exchange(sendable, [body for _, body in bodies])
            results |= {message.message_id: result for message, result in zip(sendable, told, strict=True)}
        return tuple(results[message.message_id] for message in messages)

    def _exchange(self, messages: Sequence[EmailMessage], bodies: Sequence[object]) -> tuple[SendResult, ...]:
        request = Request(
            "POST",
            "/v3.1/send",
            Safety.REFUSABLE,
            body={"Messages": list(bodies)},
            auth=(self._config.api_key, self._config.secret_key),
            # A batch with messages they refuse comes back as 400 with a result for each.
            answers=frozenset({400}),
        )
        try:
            answer = self._channel.send(request)
        except VendorError as error:
            return (result_of(error),) * len(messages)
        results = results_in(answer.body, messages)
        if results is not None:
            return results
        if answer.status == 400 and "Messages" not in answer.body:
            return (SendResult(Outcome.REFUSED, reason="rejected"),) * len(messages)
        return (SendResult(Outcome.UNKNOWN, reason="unknown_shape"),) * len(messages)
