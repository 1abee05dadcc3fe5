"""Mailjet's JSON: the body of a batch, the results in an answer, and events as documented, single and grouped."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from lib.domain.consent import Channel
from lib.domain.errors import InvalidInput, Unauthenticated
from lib.domain.unsubscribe import SigningKeys, list_unsubscribe_headers, make_token
from lib.vendors.errors import SwitchedOff
from lib.vendors.mailjet.config import MailjetConfig
from lib.vendors.mailjet.webhook import Event, EventKind, basic_password, read_events
from lib.vendors.mailjet.wire import message_body, results_in
from lib.vendors.senders import EmailAddress, EmailMessage, Outcome, SendResult

SHOP = EmailAddress("hello@shop.example", "Corner Shop")


def email(message_id: str = "msg-1", to: str = "ana@example.com", **fields: Any) -> EmailMessage:
    return EmailMessage(message_id, EmailAddress(to, "Ana"), **{"subject": "Hi", "html": "<p>Hi</p>", **fields})


def read(body: bytes | Any) -> Event:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    (event,) = read_events(raw, given="s3cret", secret="s3cret")
    return event


def test_a_message_as_the_vendor_wants_it() -> None:
    token = make_token("org", Channel.EMAIL, "ana@example.com", SigningKeys({"1": b"sixteen bytes of secret"}, "1"))
    headers = list_unsubscribe_headers(f"https://shop.example/unsubscribe?token={token}")

    assert message_body(email(text="Hi", headers=headers, campaign="c-1"), SHOP) == {
        "From": {"Email": "hello@shop.example", "Name": "Corner Shop"},
        "To": [{"Email": "ana@example.com", "Name": "Ana"}],
        "Subject": "Hi",
        "HTMLPart": "<p>Hi</p>",
        "TextPart": "Hi",
        "CustomID": "msg-1",
        "CustomCampaign": "c-1",
        "TrackOpens": "enabled",
        "TrackClicks": "enabled",
        "Headers": headers,
    }


def test_what_is_not_given_is_not_sent() -> None:
    body = message_body(email(), EmailAddress("hello@shop.example"))

    assert not body.keys() & {"TextPart", "Headers", "CustomCampaign"}
    assert body["From"] == {"Email": "hello@shop.example"}


@pytest.mark.parametrize("mark", ["\r\n", "\n", "\r", "\x00", "\u2028", "\x85"])
@pytest.mark.parametrize("field", ["subject", "name", "email", "from", "header"])
def test_no_value_breaks_out_of_its_header(field: str, mark: str) -> None:
    bad = f"x{mark}Bcc: all@example.com"
    messages = {
        "subject": email(subject=bad),
        "name": EmailMessage("m", EmailAddress("ana@example.com", bad), "Hi", "Hi"),
        "email": email(to=bad),
        "from": email(sender=EmailAddress("a@example.com", bad)),
        "header": email(headers={"List-Unsubscribe": bad}),
    }

    with pytest.raises(InvalidInput, match="one line"):
        message_body(messages[field], SHOP)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"headers": {"X: y\r\nBcc": "z"}}, "header_name"), ({"headers": {"": "z"}}, "header_name")],
)
def test_header_names_are_names(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        message_body(email(**fields), SHOP)

    assert caught.value.reason == reason


@pytest.mark.parametrize("message_id", ["", "x" * 65])
def test_an_id_that_would_be_cut_names_nothing(message_id: str) -> None:
    with pytest.raises(InvalidInput, match="characters"):
        message_body(email(message_id), SHOP)


def test_documented_answers(fixture: Callable[[str], bytes]) -> None:
    success, partly = json.loads(fixture("send_success")), json.loads(fixture("send_partly_refused"))

    assert results_in(success, [email("msg-1")]) == (SendResult(Outcome.ACCEPTED, "456789012345678901"),)
    assert results_in(partly, [email("msg-1"), email("msg-2")]) == (
        SendResult(Outcome.REFUSED, reason="rejected", code="mj-0013"),
        SendResult(Outcome.ACCEPTED, "456789012345678902"),
    )


def test_results_are_matched_by_id_before_place() -> None:
    entries = [{"Status": "success", "CustomID": name, "To": [{"MessageID": name}]} for name in ("b", "a")]
    results = results_in({"Messages": entries}, [email("a"), email("b")])

    assert results is not None
    assert [result.provider_id for result in results] == ["a", "b"]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"Messages": []},
        {"Messages": [{}]},
        {"Messages": [{"Status": "success", "CustomID": "b"}, {"Status": "success"}]},
    ],
)
def test_results_that_cannot_be_told_apart_are_none(body: object) -> None:
    assert results_in(body, [email("a"), email("b")]) is None


@pytest.mark.parametrize(
    ("entry", "outcome"),
    [
        ({"Status": "error", "Errors": [{"StatusCode": 400, "ErrorCode": "mj-0013"}]}, Outcome.REFUSED),
        ({"Status": "error", "Errors": [{"StatusCode": 429}]}, Outcome.RETRY),
        ({"Status": "error", "Errors": [{"StatusCode": 401}]}, Outcome.RETRY),
        ({"Status": "error", "Errors": [{"StatusCode": 500}]}, Outcome.RETRY),
        ({"Status": "error"}, Outcome.REFUSED),
        ({"Status": "success"}, Outcome.ACCEPTED),
        ({"Status": "later"}, Outcome.UNKNOWN),
        ("text", Outcome.UNKNOWN),
    ],
)
def test_each_message_has_an_outcome(entry: object, outcome: Outcome) -> None:
    results = results_in({"Messages": [entry]}, [email("a")])

    assert results is not None
    assert results[0].outcome is outcome


@pytest.mark.parametrize(
    ("name", "kind", "permanent", "error"),
    [
        ("sent", EventKind.SENT, False, None),
        ("open", EventKind.OPENED, False, None),
        ("click", EventKind.CLICKED, False, None),
        ("bounce", EventKind.BOUNCED, True, "recipient: user unknown"),
        ("blocked", EventKind.BLOCKED, False, "recipient: user unknown"),
        ("spam", EventKind.COMPLAINED, False, None),
        ("unsub", EventKind.UNSUBSCRIBED, False, None),
    ],
)
def test_documented_events(
    fixture: Callable[[str], bytes], name: str, kind: EventKind, permanent: bool, error: str | None
) -> None:
    body = fixture(f"event_{name}")
    raw: Mapping[str, Any] = json.loads(body)
    event = read(body)

    assert (event.kind, event.name, event.permanent, event.error) == (kind, name, permanent, error)
    assert event.message_id == "helloworld"
    assert event.provider_id == str(raw["MessageID"])
    assert event.email == raw["email"]
    assert event.url == raw.get("url")
    assert event.at == datetime.fromtimestamp(raw["time"], UTC)
    assert event.raw == raw
    assert event.key == read(body).key


@pytest.mark.parametrize(
    ("fields", "permanent"),
    [
        ({"event": "bounce", "hard_bounce": False}, False),
        ({"event": "bounce", "hard_bounce": True}, True),
        ({"event": "bounce", "hard_bounce": "true"}, True),
        ({"event": "bounce"}, False),
        ({"event": "blocked", "error": "preblocked"}, True),
        ({"event": "blocked", "error": "spam content"}, False),
        ({"event": "open", "hard_bounce": True}, False),
    ],
)
def test_only_an_address_that_is_gone_is_gone(fields: dict[str, object], permanent: bool) -> None:
    assert read(fields).permanent is permanent


def test_grouped_events_are_told_apart(fixture: Callable[[str], bytes]) -> None:
    events = read_events(fixture("events_grouped"), given="s", secret="s")

    assert [event.kind for event in events] == [EventKind.SENT, EventKind.OPENED, EventKind.CLICKED]
    assert len({event.key for event in events}) == 3
    assert [event.key for event in events] == [read(fixture(f"event_{it}")).key for it in ("sent", "open", "click")]


def test_the_same_event_is_known_again_and_another_is_not() -> None:
    click = {"event": "click", "time": 1433334941, "MessageID": 1, "email": "a@example.com", "url": "https://a.example"}

    assert read(click).key == read(dict(reversed(click.items()))).key
    for change in ({"time": 1433334942}, {"url": "https://b.example"}, {"MessageID": 2}, {"event": "open"}):
        assert read(click | change).key != read(click).key
    assert read({"event": "open", "ip": "1"}).key != read({"event": "open", "ip": "2"}).key


def test_an_unknown_event_and_unreadable_fields_are_kept() -> None:
    event = read({"event": "list_cleaned", "time": "soon", "email": {}, "MessageID": None, "url": 3})

    assert (event.kind, event.name, event.at, event.email, event.url) == (
        EventKind.OTHER,
        "list_cleaned",
        None,
        None,
        "3",
    )
    assert event.raw["time"] == "soon"


@pytest.mark.parametrize("given", [None, "", "other", "s3cre", "S3cret"])
def test_another_secret_is_refused(given: str | None) -> None:
    with pytest.raises(Unauthenticated):
        read_events(b"not even read", given=given, secret="s3cret")


@pytest.mark.parametrize("secret", [None, "", " "])
def test_without_a_secret_of_ours_the_webhook_is_off(secret: str | None) -> None:
    with pytest.raises(SwitchedOff):
        read_events(b"{}", given="", secret=secret)


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b"[1]", b'"text"', b"null", b"[" + b"{}," * 1000 + b"{}]"])
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_events(body, given="s", secret="s")


@pytest.mark.parametrize(
    ("header", "password"),
    [
        (f"Basic {base64.b64encode(b'mailjet:s3cret').decode()}", "s3cret"),
        (f"basic {base64.b64encode(b':a:b').decode()}", "a:b"),
        (f"Basic {base64.b64encode(b'no colon').decode()}", None),
        (f"Basic {base64.b64encode(bytes([255, 58, 255])).decode()}", None),
        ("Basic ???", None),
        ("Basic ä", None),
        ("Bearer s3cret", None),
        ("", None),
        (None, None),
    ],
)
def test_the_password_of_basic_credentials(header: str | None, password: str | None) -> None:
    assert basic_password(header) == password


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"secretKey": "s", "fromEmail": "a@example.com"}, "missing_api_key"),
        ({"apiKey": "k", "fromEmail": "a@example.com"}, "missing_secret_key"),
        ({"apiKey": "schlüssel", "secretKey": "s", "fromEmail": "a@example.com"}, "invalid_api_key"),
        ({"apiKey": "k", "secretKey": "geheimer schlüssel", "fromEmail": "a@example.com"}, "invalid_secret_key"),
        ({"apiKey": "k", "secretKey": "s"}, "missing_sender_email"),
        ({"apiKey": "k", "secretKey": "s", "fromEmail": "no address"}, "invalid_sender_email"),
        (
            {"apiKey": "k", "secretKey": "s", "fromEmail": "a@example.com", "baseUrl": "ftp://x"},
            "invalid_base_url",
        ),
    ],
)
def test_a_missing_setting_switches_the_vendor_off_by_name(document: dict[str, object], reason: str) -> None:
    with pytest.raises(SwitchedOff) as caught:
        MailjetConfig.from_document(document)

    assert caught.value.reason == reason


def test_a_configuration_is_read_and_keeps_its_secret_to_itself() -> None:
    environment = {
        "MAILJET_API_KEY": "k",
        "MAILJET_SECRET_KEY": "secret-9f2",
        "MAILJET_SENDER_EMAIL": "Hello@Shop.example",
    }
    config = MailjetConfig.from_environment(environment | {"MAILJET_SENDER_NAME": "Corner Shop"})

    assert (config.api_key, config.secret_key, config.sender) == ("k", "secret-9f2", SHOP)
    assert "secret-9f2" not in repr(config)
