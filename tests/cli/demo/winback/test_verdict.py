"""The oracle of the campaign: silent when all is as it must be, and not when anything is otherwise."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cli.demo.winback.people import EMAIL, SMS, Person, Said
from cli.demo.winback.verdict import Seen, differences

# Noon in New York, and four in the morning.
NOON, NIGHT = (datetime(2026, 11, 24, hour, tzinfo=UTC).timestamp() for hour in (17, 9))


def _person(name: str, number: int, sms: Said, email: Said) -> Person:
    addresses = {SMS: f"+1201555010{number}", EMAIL: f"{name}@example.com"}
    return Person(name, addresses, {SMS: sms, EMAIL: email})


ANN = _person("ann", 1, Said.AGREED, Said.AGREED)
BEN = _person("ben", 2, Said.AGREED, Said.OPTED_OUT)
CEM = _person("cem", 3, Said.NOTHING, Said.AGREED)
DAN = _person("dan", 4, Said.NOTHING, Said.NOTHING)


def _text(person: Person, at: float = NOON) -> dict[str, Any]:
    return {"channel": SMS, "to": person.addresses[SMS].removeprefix("+"), "at": at}


def _mail(person: Person, at: float = NOON) -> dict[str, Any]:
    return {"channel": EMAIL, "to": person.addresses[EMAIL], "at": at}


def _recipient(person: Person, channel: str, group: str) -> dict[str, str]:
    return {"customerId": person.customer_id, "channel": channel, "group": group}


def _seen() -> Seen:
    """Ann gets both and buys; ben says STOP; cem is held out; dan has agreed to nothing."""
    results = {
        "status": "sent",
        "performance": {"sent": 2, "unsubscribed": 1},
        "groups": {"treated": {"customers": 2}, "holdout": {"customers": 1, "buyers": 0}},
        "claimed": {"orders": 1, "revenueCents": 500},
    }
    preview = {
        "audience": {"size": 4},
        "reachable": 3,
        "heldOut": 1,
        "channels": {
            SMS: {"skipped": {"no_consent": 2}},
            EMAIL: {"skipped": {"opted_out": 1, "no_consent": 1}},
        },
    }
    recipients = [
        *(_recipient(ANN, channel, "treated") for channel in (SMS, EMAIL)),
        _recipient(BEN, SMS, "treated"),
        _recipient(BEN, EMAIL, "skipped"),
        _recipient(CEM, "none", "holdout"),
        *(_recipient(DAN, channel, "skipped") for channel in (SMS, EMAIL)),
    ]
    return Seen(
        people=[ANN, BEN, CEM, DAN],
        sent=[_text(ANN), _mail(ANN)],
        recipients=recipients,
        preview=preview,
        results=results,
        stopped={"ben"},
        left={"ann"},
        cents={"o1": 500},
    )


def test_nothing_is_said_where_all_is_well() -> None:
    assert differences(_seen()) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda seen: {"sent": seen.sent[1:]}, ["campaign: ann got 0 by sms, expected 1"]),
        (lambda seen: {"sent": [*seen.sent, _mail(ANN)]}, ["campaign: ann got 2 by email, expected 1"]),
        (lambda seen: {"sent": [*seen.sent, _text(BEN)]}, ["campaign: ben got 1 by sms, expected 0"]),
        (lambda seen: {"sent": [*seen.sent, _mail(BEN)]}, ["campaign: ben@example.com got 1 by email, expected 0"]),
        (lambda seen: {"sent": [*seen.sent, _mail(CEM)]}, ["campaign: cem got 1 by email, expected 0"]),
        (lambda seen: {"sent": [*seen.sent, _text(DAN)]}, ["campaign: +12015550104 got 1 by sms, expected 0"]),
        (
            lambda seen: {"sent": [_text(ANN, NIGHT), _mail(ANN, NIGHT)]},
            [
                "campaign: +12015550101 was written to at 09:00 UTC, at night in America/New_York",
                "campaign: ann@example.com was written to at 09:00 UTC, at night in America/New_York",
            ],
        ),
        (
            lambda seen: {"preview": seen.preview | {"reachable": 4, "heldOut": 0}},
            [
                "campaign, preview: reachable 4, expected 3",
                "campaign, preview: held out 0, expected 1",
            ],
        ),
        (
            lambda seen: {"recipients": [*seen.recipients[:-1], _recipient(DAN, EMAIL, "treated")]},
            ["campaign: dan is treated by email, having said nothing"],
        ),
        (lambda seen: {"recipients": seen.recipients[:-2]}, ["campaign: dan have no recipient document"]),
        (
            lambda seen: {"results": seen.results | {"claimed": {"orders": 2, "revenueCents": 900}}},
            [
                "campaign, results: orders 2, expected 1",
                "campaign, results: revenue in cents 900, expected 500",
            ],
        ),
        (
            lambda seen: {"results": seen.results | {"status": "sending"}},
            ["campaign, results: status sending, expected sent"],
        ),
    ],
)
def test_what_is_otherwise_is_named(change: Callable[[Seen], dict[str, Any]], says: list[str]) -> None:
    assert differences(replace(_seen(), **change(_seen()))) == says
