"""Webhooks as vendors send them: once or again, in order or not, alone or grouped; and what the receiver answered."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import requests

from emulator.vendors.sandbox import Refusal

Json = dict[str, Any]

ORDERS: Final = ("sent", "reversed", "shuffled")
_RECEIVER_SECONDS = 30


@dataclass(frozen=True)
class Delivery:
    """How events reach the receiver: `order`, `copies` of each, up to `grouped` in a request (None: one, and no array).

    Credentials in the URL become Basic ones, as Mailjet's are.
    """

    url: str
    order: str = "sent"
    copies: int = 1
    grouped: int | None = None
    seed: int = 0

    @classmethod
    def asked_for(cls, body: Json, url: str) -> Delivery:
        """From a control request's `order`, `copies`, `grouped` and `seed`. Raises Refusal."""
        delivery = cls(
            body.get("url") or url,
            body.get("order", "sent"),
            body.get("copies", 1),
            body.get("grouped"),
            body.get("seed", 0),
        )
        if not delivery.url:
            raise Refusal(400, "no_webhook_url")
        if delivery.order not in ORDERS:
            raise Refusal(400, "unknown_order")
        return delivery

    def send(self, events: Sequence[Json]) -> list[int]:
        """The status of each request, in the order of sending; 0 where there was no answer."""
        arranged = [event for event in events for _ in range(self.copies)]
        if self.order == "reversed":
            arranged.reverse()
        elif self.order == "shuffled":
            random.Random(self.seed).shuffle(arranged)
        if self.grouped is None:
            return [self._post(event) for event in arranged]
        return [self._post(arranged[start : start + self.grouped]) for start in range(0, len(arranged), self.grouped)]

    def _post(self, body: Any) -> int:
        headers = {"Content-Type": "application/json"}
        try:
            return requests.post(
                self.url, data=json.dumps(body), headers=headers, timeout=_RECEIVER_SECONDS
            ).status_code
        except requests.RequestException:
            return 0
