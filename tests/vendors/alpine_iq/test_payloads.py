"""Documented payloads of Alpine IQ through the client, over HTTP, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from lib.vendors.alpine_iq.client import AlpineIq
from lib.vendors.alpine_iq.config import AlpineIqConfig
from lib.vendors.errors import Malformed, Refused
from lib.vendors.http import Budget
from tests.vendors.raw_server import RawServer, json_answer

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
Fixture = Callable[[str], bytes]


@pytest.fixture
def client(raw_server: RawServer) -> AlpineIq:
    return AlpineIq(AlpineIqConfig("1234", "k3y", raw_server.url), budget=Budget("test", tries=1))


def says(server: RawServer, *bodies: bytes) -> None:
    server.says(*[json_answer(body) for body in bodies])


def test_contacts(raw_server: RawServer, client: AlpineIq, fixture: Fixture) -> None:
    says(raw_server, fixture("contacts"), fixture("contacts_none"))
    ((ada, nothing_yet, hardly_known),) = client.contacts()
    assert ada.model_dump() == {
        "contact_id": "0b5c7f0e2a",
        "src_id": "7811",
        "email": "ada@example.com",
        "mobile_phone": "4155550101",
        "first_name": "Ada",
        "last_name": "Park",
        "loyalty": True,
        "loyalty_points": 1250,
        "loyalty_tier": "Gold",
        "spent_cents": 183455,
        "refer_code": "ADA1",
        "last_visit": NOON,
        "last_purchase": NOON,
    }
    assert (nothing_yet.loyalty_points, nothing_yet.spent_cents, nothing_yet.last_visit) == (0, 0, None)
    assert (hardly_known.loyalty_points, hardly_known.loyalty, hardly_known.email) == (None, False, None)
    assert raw_server.requests[0].startswith(
        b"GET /api/v1.1/piis/1234?search=+&limit=2000&start=0&sort=points&dir=desc HTTP/1.1\r\n"
    )
    assert b"X-APIKEY: k3y\r\n" in raw_server.requests[0]
    assert b"&start=3&" in raw_server.requests[1]


def test_contact(raw_server: RawServer, client: AlpineIq, fixture: Fixture) -> None:
    says(raw_server, fixture("contact"))
    assert client.contact("0b5c7f0e2a").loyalty_points == 1250


@pytest.mark.parametrize("name", ["lookup_top_level", "lookup_under_data"])
def test_lookup(raw_server: RawServer, client: AlpineIq, fixture: Fixture, name: str) -> None:
    says(raw_server, fixture(name))
    member = client.lookup("ada@example.com")
    assert (member.contact.contact_id, member.wallet.points, member.wallet.tier) == ("0b5c7f0e2a", 1250, "Gold")
    assert raw_server.requests[0].startswith(b"POST /api/v2/loyalty/lookup/ada%40example.com HTTP/1.1\r\n")
    assert raw_server.requests[0].endswith(b"\r\n\r\n{}")


def test_wallet(raw_server: RawServer, client: AlpineIq, fixture: Fixture) -> None:
    says(raw_server, fixture("wallet"))
    wallet = client.wallet("4155550101")
    assert (wallet.contact_id, wallet.points, wallet.hide_points) == ("0b5c7f0e2a", 1250, False)
    assert wallet.discount_templates is not None
    first, second = wallet.discount_templates
    assert (first.template_id, first.points_deduction, first.available) == ("t1", 500, True)
    assert (second.template_id, second.available, second.expiration) == ("2", False, None)


@pytest.mark.parametrize("kind", ["adjustments", "redemptions"])
def test_changed_balances(raw_server: RawServer, client: AlpineIq, fixture: Fixture, kind: str) -> None:
    says(raw_server, fixture("adjustments"))
    first, second = getattr(client, kind)(datetime(2026, 11, 20, tzinfo=UTC), NOON)
    assert (first.contact_id, first.points, first.note, first.at) == ("0b5c7f0e2a", -50, "goodwill taken back", NOON)
    assert (second.contact_id, second.points, second.at) == ("1c6d801f3b", 20, NOON)
    assert raw_server.requests[0].startswith(f"GET /api/v1.1/{kind}/1234/1795132800/1795262400 HTTP".encode())


def test_no_changes(raw_server: RawServer, client: AlpineIq) -> None:
    says(raw_server, b'{"success": true, "data": null}')
    assert list(client.adjustments(NOON, NOON)) == []


@pytest.mark.parametrize("status", ["200 OK", "403 Forbidden"])
def test_refused(raw_server: RawServer, client: AlpineIq, fixture: Fixture, status: str) -> None:
    raw_server.says(json_answer(fixture("refused"), status))
    with pytest.raises(Refused) as raised:
        client.search("4155550101")
    assert raised.value.code == "invalid_key"


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'"text"',
        b"{}",
        b'{"success": true}',
        b'{"success": true, "data": null}',
        b'{"success": true, "data": {}}',
        b'{"success": true, "data": {"results": {}}}',
        b'{"success": true, "data": {"results": [7]}}',
        b'{"success": "yes", "data": {"results": []}}',
        b'{"success": null, "data": {"results": []}}',
    ],
)
def test_another_shape_is_no_empty_list(raw_server: RawServer, client: AlpineIq, body: bytes) -> None:
    says(raw_server, body)
    with pytest.raises(Malformed) as raised:
        list(client.contacts())
    assert raised.value.reason == "unknown_shape"


def test_one_contact_with_a_wrong_field_spoils_neither_its_others_nor_anybody_else(
    raw_server: RawServer, client: AlpineIq
) -> None:
    wrong = b'{"contactID": "a", "loyaltyPoints": {"value": 3}, "email": "a@example.com"}'
    says(raw_server, b'{"data": {"results": [' + wrong + b', {"contactID": "b", "loyaltyPoints": 7.0}]}}')
    first, second = client.search("a")
    assert (first.loyalty_points, first.email) == (None, "a@example.com")
    assert first.unreadable == {"loyaltyPoints"}
    assert (second.loyalty_points, second.unreadable) == (7, frozenset())


def test_points_are_exact(raw_server: RawServer, client: AlpineIq) -> None:
    says(raw_server, b'{"data": {"contactID": "a", "spent": 0.285, "loyaltyPoints": "12"}}')
    contact = client.contact("a")
    assert Decimal(contact.spent_cents or 0) / 100 == Decimal("0.29")
    assert contact.loyalty_points == 12
