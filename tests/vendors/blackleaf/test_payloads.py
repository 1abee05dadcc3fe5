"""Blackleaf's JSON: answers of both generations, receipts and replies in any of the shapes they may have."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lib.domain.errors import InvalidInput, Unauthenticated
from lib.vendors.blackleaf.config import BlackleafConfig, Generation
from lib.vendors.blackleaf.webhook import Event, EventKind, read_events
from lib.vendors.blackleaf.wire import request_for, result_in
from lib.vendors.errors import SwitchedOff
from lib.vendors.senders import Outcome, SendResult, SmsMessage

NOW = datetime(2026, 11, 20, 18, 42, tzinfo=UTC)
AT = datetime(2026, 11, 20, 18, 41, 2, tzinfo=UTC)


def read(body: bytes | Any, received_at: datetime = NOW) -> Event:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    (event,) = read_events(raw, given="s3cret", secret="s3cret", received_at=received_at)
    return event


@pytest.mark.parametrize(
    ("name", "generation", "result"),
    [
        ("v1_success", Generation.V1, SendResult(Outcome.ACCEPTED, "bl-20261120-0001")),
        ("v1_error", Generation.V1, SendResult(Outcome.REFUSED, reason="rejected")),
        ("v2_success", Generation.V2, SendResult(Outcome.ACCEPTED, "bl-20261120-0002")),
        ("v2_error", Generation.V2, SendResult(Outcome.REFUSED, reason="rejected", code="E1001")),
    ],
)
def test_documented_answers(
    fixture: Callable[[str], bytes], name: str, generation: Generation, result: SendResult
) -> None:
    assert result_in(json.loads(fixture(name)), generation) == result


@pytest.mark.parametrize(
    ("body", "generation", "outcome"),
    [
        ({}, Generation.V2, Outcome.ACCEPTED),
        ({}, Generation.V1, None),
        ({"status": "queued"}, Generation.V1, None),
        ([], Generation.V2, None),
        (None, Generation.V2, None),
        ({"success": False, "error": "Rate limit exceeded"}, Generation.V2, Outcome.RETRY),
        ({"status": "error", "message": "Too many messages"}, Generation.V1, Outcome.RETRY),
        ({"status": "error"}, Generation.V2, Outcome.REFUSED),
    ],
)
def test_other_answers(body: object, generation: Generation, outcome: Outcome | None) -> None:
    result = result_in(body, generation)

    assert (result.outcome if result else None) == outcome


@pytest.mark.parametrize(
    ("to", "v1", "v2"),
    [("+14155552671", "14155552671", "4155552671"), ("+2348031234567", "2348031234567", "2348031234567")],
)
def test_numbers_are_written_as_each_generation_wants_them(to: str, v1: str, v2: str) -> None:
    message = SmsMessage(to, "Hi")

    assert request_for(message, BlackleafConfig("k", Generation.V1)).query["to"] == v1
    assert request_for(message, BlackleafConfig("k", Generation.V2)).body["to"] == v2


@pytest.mark.parametrize("generation", Generation)
def test_a_request_shows_neither_key_nor_customer(generation: Generation) -> None:
    shown = repr(request_for(SmsMessage("+14155552671", "Hi Ana"), BlackleafConfig("key-9f2", generation)))

    assert not any(secret in shown for secret in ("key-9f2", "4155552671", "Ana"))


@pytest.mark.parametrize(
    ("name", "kind", "message_id", "phone", "text"),
    [
        ("receipt_delivered", EventKind.DELIVERED, "bl-20261120-0001", "+14155552671", None),
        ("receipt_failed", EventKind.FAILED, "bl-20261120-0001", "+14155552671", None),
        ("click", EventKind.CLICKED, "77", "+14155552671", None),
        ("reply", EventKind.REPLIED, "in-1", "+14155552671", "Please stop texting me"),
        ("reply_without_status", EventKind.REPLIED, None, "+14155552671", "STOP"),
    ],
)
def test_events_in_any_shape(
    fixture: Callable[[str], bytes], name: str, kind: EventKind, message_id: str, phone: str, text: str | None
) -> None:
    event = read(fixture(name))

    assert (event.kind, event.message_id, event.customer_phone, event.text) == (kind, message_id, phone, text)
    assert event.at == AT
    assert event.raw == json.loads(fixture(name))


def test_an_unknown_event_is_kept(fixture: Callable[[str], bytes]) -> None:
    event = read(fixture("unknown"))

    assert (event.kind, event.name, event.at) == (EventKind.OTHER, "carrier_fee_updated", None)
    assert event.raw["amount"] == 3


def test_several_events_may_come_at_once(fixture: Callable[[str], bytes]) -> None:
    body = b"[" + fixture("receipt_delivered") + b"," + fixture("reply") + b"]"
    events = read_events(body, given="s", secret="s", received_at=NOW)

    assert [event.kind for event in events] == [EventKind.DELIVERED, EventKind.REPLIED]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"id": "1", "status": "sent"}, {"id": "1", "status": "sent"}, True),
        ({"id": "1", "status": "sent"}, {"id": "1", "status": "delivered"}, False),
        ({"id": "1", "status": "sent"}, {"message-id": "1", "event": "sent"}, True),
        ({"from": "4155552671", "body": "STOP"}, {"from": "4155552671", "body": "STOP"}, True),
        ({"from": "4155552671", "body": "STOP"}, {"from": "4155552671", "body": "START"}, False),
        ({"from": "4155552671", "body": "ok", "timestamp": 1795200062},
         {"from": "4155552671", "body": "ok", "timestamp": 1795200063}, False),
    ],
)  # fmt: skip
def test_a_repeated_event_is_known_again(one: Any, other: Any, same: bool) -> None:
    assert (read(one).key == read(other, NOW + timedelta(minutes=5)).key) == same


def test_without_an_id_or_a_time_the_same_words_are_heard_again_another_day() -> None:
    stop = {"from": "4155552671", "body": "STOP"}

    assert read(stop).key != read(stop, NOW + timedelta(days=1)).key


@pytest.mark.parametrize("given", [None, "", "other", "s3cre", "s3cret "])
def test_another_secret_is_refused(given: str | None) -> None:
    with pytest.raises(Unauthenticated):
        read_events(b"not even read", given=given, secret="s3cret", received_at=NOW)


@pytest.mark.parametrize("secret", [None, "", "  "])
def test_without_a_secret_of_ours_the_webhook_is_off(secret: str | None) -> None:
    with pytest.raises(SwitchedOff):
        read_events(b"{}", given="", secret=secret, received_at=NOW)


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"[1]", b'"text"', b"null", b"[" + b"{}," * 1000 + b"{}]"])
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_events(body, given="s", secret="s", received_at=NOW)


@pytest.mark.parametrize(
    "junk", [{"id": {}, "status": [], "from": 1.5, "to": None, "timestamp": "soon", "body": 7}, {}]
)
def test_fields_that_cannot_be_read_are_left_out(junk: Any) -> None:
    event = read(junk)

    assert (event.kind, event.message_id, event.customer_phone, event.text) == (EventKind.OTHER, None, None, None)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({}, "missing_api_key"),
        ({"apiKey": "schlüssel"}, "invalid_api_key"),
        ({"apiKey": "k", "api": "v3"}, "invalid_api"),
        ({"apiKey": "k", "baseUrl": "http://api.blackleaf.io"}, "invalid_base_url"),
    ],
)
def test_a_missing_setting_switches_the_vendor_off_by_name(document: dict[str, object], reason: str) -> None:
    with pytest.raises(SwitchedOff) as caught:
        BlackleafConfig.from_document(document)

    assert caught.value.reason == reason


def test_a_configuration_is_read_and_keeps_its_key_to_itself() -> None:
    config = BlackleafConfig.from_environment({"BLACKLEAF_API_KEY": "key-9f2", "BLACKLEAF_API": "V1"})

    assert (config.api_key, config.generation) == ("key-9f2", Generation.V1)
    assert BlackleafConfig.from_document({"apiKey": "key-9f2"}).generation is Generation.V2
    assert "key-9f2" not in repr(config) + config.account
