"""Sends texts through Blackleaf: each once, within 100 a minute, never again after an outcome nobody knows."""

import logging
from typing import Final

from lib.vendors import http
from lib.vendors.blackleaf.config import VENDOR, BlackleafConfig, Generation
from lib.vendors.blackleaf.wire import request_for, result_in
from lib.vendors.breaker import BreakerView
from lib.vendors.errors import VendorError
from lib.vendors.http import Budget
from lib.vendors.limiter import Rate
from lib.vendors.senders import Outcome, SendResult, SmsMessage, result_of

SEND: Final = Budget("send", read_seconds=15.0, total_seconds=40.0, tries=3)

# Per account. Several instances share it only through the queue's own rate.
RATE: Final = Rate(requests=100, seconds=60.0)


class Blackleaf:
    """One account; an SmsSender. Safe for many threads, which share its rate limit and circuit breaker."""

    name = VENDOR

    def __init__(self, config: BlackleafConfig, *, budget: Budget = SEND, rate: Rate = RATE) -> None:
        self._config = config
        self._channel = http.channel(VENDOR, config.base_url, config.account, budget=budget, rate=rate)

    @property
    def circuit(self) -> BreakerView:
        """The circuit breaker of this account and budget."""
        return self._channel.circuit

    def send(self, message: SmsMessage) -> SendResult:
        """Hand over one text, once.

        What was clearly not done (429, a 5xx in their own form, no connection) is tried again here, within the budget;
        what may have been is UNKNOWN at once. v2 documents no pictures: such a message is refused unsent.
        """
        if message.image_url and self._config.generation is Generation.V2:
            return SendResult(Outcome.REFUSED, reason="pictures_unsupported")
        request = request_for(message, self._config)
        try:
            body = self._channel.send(request).body
        except VendorError as error:
            return result_of(error)
        return result_in(body, self._config.generation) or SendResult(Outcome.UNKNOWN, reason="unknown_shape")


def _without_key(record: logging.LogRecord) -> bool:
    """Whether a line of the HTTP library's may be logged: its debug log has whole addresses, and v1 has its key there,
    the telephone number and the text besides."""
    return "apiKey=" not in record.getMessage()


logging.getLogger("urllib3.connectionpool").addFilter(_without_key)
