"""Documented payloads of Alleaves through the client, over HTTP, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from lib.vendors.alleaves.client import Alleaves
from lib.vendors.alleaves.config import AlleavesConfig
from lib.vendors.alleaves.wire import Status
from lib.vendors.errors import Malformed, Refused
from lib.vendors.http import Budget
from lib.vendors.limiter import Rate
from tests.vendors.raw_server import RawServer, json_answer

Fixture = Callable[[str], bytes]

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
EVENING = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)


class Time:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def client(raw_server: RawServer, time: Time) -> Alleaves:
    config = AlleavesConfig("till", "pa55", "4711", raw_server.url)
    return Alleaves(config, now=time, budget=Budget("test", tries=1), rate=Rate(1000))


def says(server: RawServer, *bodies: bytes) -> None:
    server.says(*[json_answer(body) for body in bodies])


def test_customers(raw_server: RawServer, client: Alleaves, fixture: Fixture) -> None:
    says(raw_server, fixture("auth"), fixture("customers"), b'{"customers": []}')
    ((ada, other),) = client.customers()
    assert ada.model_dump(exclude_none=True) == {
        "customer_id": "501",
        "first_name": "Ada",
        "last_name": "Park",
        "full_name": "Ada Park",
        "email": "ada@example.com",
        "phone": "(415) 555-0101",
        "date_of_birth": "1990-05-17",
        "loyalty_points": 0,
        "total_spent_cents": 183455,
        "order_count": 12,
        "last_order_date": EVENING,
        "customer_since": datetime(2024, 2, 29, tzinfo=UTC),
        "alpine_user_code": "0b5c7f0e2a",
        "credit_balance_cents": 500,
    }
    assert (other.customer_id, other.phone, other.total_spent_cents, other.order_count) == ("502", None, 0, 0)
    log_in, search, _ = raw_server.requests
    assert log_in.startswith(b"POST /auth HTTP/1.1\r\n")
    assert json.loads(log_in.partition(b"\r\n\r\n")[2]) == {"username": "till", "password": "pa55", "pin": "4711"}
    assert search.startswith(b"POST /customer/search HTTP/1.1\r\n")
    assert json.loads(search.partition(b"\r\n\r\n")[2]) == {"page": 1, "pageSize": 100}
    assert f"Authorization: Bearer {json.loads(fixture('auth'))['token']}\r\n".encode() in search


def test_orders(raw_server: RawServer, client: Alleaves, fixture: Fixture) -> None:
    says(raw_server, fixture("auth"), fixture("orders"), b"[]")
    ((first, second, third),) = client.orders(date(2026, 11, 14), date(2026, 11, 21))
    assert first.items is not None and second.items is not None
    assert (first.order_id, first.customer_id, first.location_id) == ("9001", "501", "3")
    assert (first.subtotal_cents, first.tax_cents, first.discount_cents, first.total_cents) == (4000, 520, 400, 4120)
    assert (first.known_status, first.created_at, first.points_earned) == (Status.COMPLETED, EVENING, None)
    assert (first.items[0].quantity, first.items[0].price_cents) == (Decimal(2), 2000)
    assert (second.order_id, second.total_cents, second.known_status) == ("9002", 1500, Status.VOIDED)
    assert (second.items[0].quantity, second.items[0].price_cents) == (Decimal("3.5"), 428)
    assert (third.status, third.known_status, third.total_cents) == ("on hold", None, 1000)
    assert raw_server.requests[1].startswith(
        b"GET /order?page=1&pageSize=100&startDate=2026-11-14&endDate=2026-11-21 HTTP/1.1\r\n"
    )


SHAPES: list[Callable[[list[Any]], Any]] = [
    lambda it: it,
    lambda it: {"data": it},
    lambda it: {"0": it[0], "10": it[2], "2": it[1]},
]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_a_list(raw_server: RawServer, client: Alleaves, fixture: Fixture, shape: Any) -> None:
    people = [{"id_customer": number} for number in (1, 2, 10)]
    says(raw_server, fixture("auth"), json.dumps(shape(people)).encode(), b"[]")
    ((*found,),) = client.customers()
    assert [customer.customer_id for customer in found] == ["1", "2", "10"]


@pytest.mark.parametrize("body", [b"{}", b'"text"', b"7", b"null", b'{"orders": []}', b'{"data": {}}', b"[7]"])
def test_another_shape_is_no_empty_list(raw_server: RawServer, client: Alleaves, fixture: Fixture, body: bytes) -> None:
    says(raw_server, fixture("auth"), body)
    with pytest.raises(Malformed):
        list(client.customers())


def test_a_list_that_is_not_found_is_no_missing_customer(
    raw_server: RawServer, client: Alleaves, fixture: Fixture
) -> None:
    raw_server.says(json_answer(fixture("auth")), json_answer(b"{}", "404 Not Found"))
    with pytest.raises(Refused) as raised:
        list(client.customers())
    assert raised.value.reason == "unknown_list"


def test_success_false_is_a_refusal(raw_server: RawServer, client: Alleaves, fixture: Fixture) -> None:
    says(raw_server, fixture("auth"), b'{"success": false, "customers": []}')
    with pytest.raises(Refused):
        list(client.customers())


@pytest.mark.parametrize("body", [b"{}", b'{"token": ""}', b'{"token": 7}', b'{"token": "a\\nb"}', b"[]"])
def test_a_log_in_without_a_token(raw_server: RawServer, client: Alleaves, body: bytes) -> None:
    says(raw_server, body)
    with pytest.raises(Malformed):
        list(client.customers())


def log_ins(server: RawServer) -> int:
    return sum(request.startswith(b"POST /auth") for request in server.requests)


def test_a_token_is_used_until_five_minutes_before_it_expires(
    raw_server: RawServer, client: Alleaves, fixture: Fixture, time: Time
) -> None:
    # The token in the file expires a day from NOON.
    asked = [b"[]"] * 2
    says(raw_server, fixture("auth"), *asked, fixture("auth"), *asked)
    list(client.customers())
    time.now = NOON + timedelta(hours=23, minutes=54, seconds=59)
    list(client.customers())
    assert log_ins(raw_server) == 1
    time.now = NOON + timedelta(hours=23, minutes=55)
    list(client.customers())
    assert log_ins(raw_server) == 2


# Among them: no claims, one that says "never", and one that says 1e99.
@pytest.mark.parametrize(
    "token", ["opaque", "a.b.c", "a.e30.c", "a.eyJleHAiOiAibmV2ZXIifQ.c", "a.eyJleHAiOiAxZTk5fQ.c"]
)
def test_a_token_that_does_not_say_when_it_expires_is_used_for_a_day(
    raw_server: RawServer, client: Alleaves, time: Time, token: str
) -> None:
    log_in = json.dumps({"token": token}).encode()
    says(raw_server, log_in, b"[]", b"[]", log_in, b"[]")
    list(client.customers())
    time.now = NOON + timedelta(hours=23, minutes=59)
    list(client.customers())
    assert log_ins(raw_server) == 1
    time.now = NOON + timedelta(hours=24)
    list(client.customers())
    assert log_ins(raw_server) == 2
