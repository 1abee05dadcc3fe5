"""Alleaves' webhook: genuine or refused, known again when repeated, and sent by the sandbox as documented."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from emulator.vendors.client import SandboxClient
from lib.domain.errors import InvalidInput, Unauthenticated
from lib.vendors.alleaves.webhook import SIGNATURE_HEADER, Subject, challenge_answer, read_event
from lib.vendors.errors import SwitchedOff
from tests.emulator.tasks.target import listening


def signed(body: bytes, secret: str = "s3cret") -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def test_an_event(fixture: Callable[[str], bytes]) -> None:
    body = fixture("webhook_order_updated")
    event = read_event(body, signed(body), "s3cret")
    assert (event.name, event.subject, event.at) == (
        "order.updated",
        Subject.ORDER,
        datetime(2026, 11, 20, 18, 41, 2, tzinfo=UTC),
    )
    assert (event.data.subject_id, event.data.org_id, event.data.location_id) == ("9001", "org_1", "3")
    assert event.raw["data"]["status"] == "completed"
    assert event.key == read_event(body, signed(body), "s3cret").key
    later = body.replace(b":02Z", b":03Z")
    assert event.key != read_event(later, signed(later), "s3cret").key


@pytest.mark.parametrize(
    ("name", "subject"),
    [("customer.created", Subject.CUSTOMER), ("inventory.updated", Subject.OTHER), ("x", Subject.OTHER)],
)
def test_what_it_is_about(name: str, subject: Subject) -> None:
    body = f'{{"event": "{name}"}}'.encode()
    event = read_event(body, signed(body), "s3cret")
    assert (event.subject, event.data.subject_id) == (subject, None)


@pytest.mark.parametrize("secret", [None, ""])
def test_off_without_a_secret(secret: str | None) -> None:
    with pytest.raises(SwitchedOff):
        read_event(b"{}", signed(b"{}", ""), secret)


def test_forged_ones_are_refused_before_they_are_read() -> None:
    for body in (b'{"event": "order.created"}', b"no JSON"):
        for signature in (None, "", signed(body, "other"), signed(body + b" ")):
            with pytest.raises(Unauthenticated):
                read_event(body, signature, "s3cret")


@pytest.mark.parametrize("body", [b"no JSON", b"[]", b"null", b"{}", b'{"event": ""}', b'{"event": ["a"]}'])
def test_what_is_signed_and_makes_no_event(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_event(body, signed(body), "s3cret")


def test_the_challenge_is_echoed_unless_it_could_be_markup() -> None:
    assert challenge_answer("aB3_-.~") == "aB3_-.~"
    for wrong in ("", "<script>", "a b", "a" * 201):
        with pytest.raises(InvalidInput):
            challenge_answer(wrong)


def test_the_sandbox_signs_as_documented(alleaves_sandbox: SandboxClient) -> None:
    alleaves_sandbox.put_account("till", password="p", pin="1")
    with listening() as target:
        event = {"url": target.url, "secret": "s3cret", "event": "order.created", "data": {"id": 7}}
        assert alleaves_sandbox.ask("POST", "/accounts/till/webhooks", event) == {"status": 200}
    (request,) = target.requests
    received = read_event(request.body, request.headers[SIGNATURE_HEADER], "s3cret")
    assert (received.name, received.data.subject_id) == ("order.created", "7")
