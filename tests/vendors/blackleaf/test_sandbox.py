"""The client against the sandbox and against servers that misbehave: a text is sent once, or it is known that it was
not, or its outcome is unknown and it is left alone."""

from __future__ import annotations

import logging
import uuid
from typing import Any

import pytest

from emulator.vendors.client import SandboxClient
from lib.vendors.blackleaf.client import Blackleaf
from lib.vendors.blackleaf.config import BlackleafConfig, Generation
from lib.vendors.blackleaf.webhook import EventKind, read_events
from lib.vendors.http import Budget
from lib.vendors.limiter import Rate
from lib.vendors.senders import Outcome, SendResult, SmsMessage
from tests.emulator.tasks.target import listening
from tests.vendors.blackleaf.test_payloads import NOW
from tests.vendors.raw_server import RawServer, json_answer

QUICK = Budget("quick", read_seconds=0.5, total_seconds=60, tries=3, backoff_seconds=0.001, backoff_max_seconds=0.01)
PHONE = "+14155552671"
TEXT = "Corner Shop: 120 points\n21+ only. Reply STOP to opt out."


class Account:
    """A key of its own, its sandbox and a client."""

    def __init__(self, sandbox: SandboxClient, generation: Generation) -> None:
        self.sandbox = sandbox
        self.key = f"key-{uuid.uuid4().hex}"
        self.generation = generation
        self.client = Blackleaf(BlackleafConfig(self.key, generation, sandbox.base_url), budget=QUICK, rate=Rate(1000))
        self.behave()

    def behave(self, **settings: Any) -> None:
        self.sandbox.put_account(self.key, **settings)

    def send(self, to: str = PHONE, **message: Any) -> SendResult:
        return self.client.send(SmsMessage(to, TEXT, **message))

    def asked(self) -> int:
        total: int = self.sandbox.requests()["total"]
        return total


@pytest.fixture(params=Generation, ids=str)
def account(request: pytest.FixtureRequest, blackleaf_sandbox: SandboxClient) -> Account:
    return Account(blackleaf_sandbox, request.param)


def test_a_text_arrives_as_written(account: Account) -> None:
    result = account.send()
    (text,) = account.sandbox.inbox()

    assert (result.outcome, result.provider_id) == (Outcome.ACCEPTED, text["id"])
    assert (text["to"], text["body"], text["generation"]) == ("14155552671", TEXT, account.generation)


@pytest.mark.parametrize("body", ["Ünïcode & = ? % + # 😀", "€{}[]~\\|^", "a" * 1600, "line\nline\r\nline"])
def test_no_sign_is_lost_on_the_way(account: Account, body: str) -> None:
    assert account.client.send(SmsMessage(PHONE, body)).outcome is Outcome.ACCEPTED
    assert account.sandbox.inbox()[0]["body"] == body


def test_numbers_of_nigeria_arrive(account: Account) -> None:
    account.send("+2348031234567")

    assert account.sandbox.inbox("2348031234567")[0]["body"] == TEXT


def test_a_picture_is_sent_or_refused_but_never_left_out(account: Account) -> None:
    result = account.send(image_url="https://shop.example/a.png")

    if account.generation is Generation.V1:
        assert (result.outcome, account.sandbox.inbox()[0]["image"]) == (Outcome.ACCEPTED, "https://shop.example/a.png")
    else:
        assert (result.outcome, result.reason) == (Outcome.REFUSED, "pictures_unsupported")
        assert account.asked() == 0


@pytest.mark.parametrize(
    ("to", "outcome", "asked"),
    [("+15555550100", Outcome.ACCEPTED, 1), ("+15555550101", Outcome.REFUSED, 1), ("+15555550102", Outcome.RETRY, 3)],
)
def test_the_documented_test_numbers(account: Account, to: str, outcome: Outcome, asked: int) -> None:
    assert account.send(to).outcome is outcome
    assert account.asked() == asked


def test_an_unknown_key_is_not_the_messages_fault(blackleaf_sandbox: SandboxClient) -> None:
    config = BlackleafConfig(uuid.uuid4().hex, base_url=blackleaf_sandbox.base_url)
    result = Blackleaf(config, budget=QUICK, rate=Rate(1000)).send(SmsMessage(PHONE, TEXT))

    assert (result.outcome, result.reason) == (Outcome.RETRY, "credentials")


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 429}, {"kind": "status", "status": 503}])
def test_what_was_clearly_not_done_is_done_after_all(account: Account, fault: dict[str, Any]) -> None:
    account.sandbox.fail(**fault, times=2)

    assert account.send().outcome is Outcome.ACCEPTED
    assert (account.asked(), len(account.sandbox.inbox())) == (3, 1)


def test_what_is_refused_to_the_end_may_be_tried_later(account: Account) -> None:
    account.sandbox.fail("status", status=500, times=None)

    assert account.send().outcome is Outcome.RETRY
    assert (account.asked(), account.sandbox.inbox()) == (3, [])


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "hang"},
        {"kind": "hang", "afterEffect": True},
        {"kind": "status", "status": 502, "html": True, "afterEffect": True},
        {"kind": "html", "afterEffect": True},
        {"kind": "cut_body"},
        {"kind": "cut_json"},
    ],
    ids=str,
)
def test_an_outcome_that_nobody_knows_is_never_repeated(account: Account, fault: dict[str, Any]) -> None:
    account.sandbox.fail(**fault, times=None)

    assert account.send().outcome is Outcome.UNKNOWN
    assert account.asked() == 1
    assert len(account.sandbox.inbox()) <= 1


def test_a_success_that_says_no_is_a_refusal(account: Account) -> None:
    account.sandbox.fail("success_false", times=None)

    assert account.send().outcome is Outcome.REFUSED
    assert account.asked() == 1


@pytest.mark.parametrize("generation", Generation)
@pytest.mark.parametrize("end", ["reset", "closed"])
def test_a_connection_that_is_lost_is_an_outcome_nobody_knows(
    raw_server: RawServer, generation: Generation, end: str
) -> None:
    raw_server.says(raw_server.reset if end == "reset" else b"")
    client = Blackleaf(BlackleafConfig("k", generation, raw_server.url), budget=QUICK, rate=Rate(1000))

    assert client.send(SmsMessage(PHONE, TEXT)).outcome is Outcome.UNKNOWN
    assert len(raw_server.requests) == 1


def test_nobody_listening_is_a_clear_no() -> None:
    client = Blackleaf(BlackleafConfig("k", base_url="http://127.0.0.1:1"), budget=QUICK, rate=Rate(1000))

    assert client.send(SmsMessage(PHONE, TEXT)) == SendResult(Outcome.RETRY, reason="unreachable")


def test_the_account_is_kept_within_its_rate_by_us_and_by_them(blackleaf_sandbox: SandboxClient) -> None:
    account = Account(blackleaf_sandbox, Generation.V2)
    account.behave(perMinute=2)
    assert [account.send().outcome for _ in range(3)] == [Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.RETRY]

    patient = Budget("patient", total_seconds=0.5, tries=1)
    key = f"key-{uuid.uuid4().hex}"
    blackleaf_sandbox.put_account(key)
    config = BlackleafConfig(key, base_url=blackleaf_sandbox.base_url)
    paced = Blackleaf(config, budget=patient, rate=Rate(2, 60.0))
    results = [paced.send(SmsMessage(PHONE, TEXT)) for _ in range(3)]
    assert [result.outcome for result in results] == [Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.RETRY]
    assert results[2].reason == "rate_limited"
    assert 50 < (results[2].retry_after_seconds or 0) <= 60


def test_not_even_a_debug_log_shows_the_key_of_v1(raw_server: RawServer, caplog: pytest.LogCaptureFixture) -> None:
    raw_server.says(json_answer(b'{"status": "success"}'))
    client = Blackleaf(BlackleafConfig("key-9f2", Generation.V1, raw_server.url), budget=QUICK, rate=Rate(1000))

    with caplog.at_level(logging.DEBUG):
        assert client.send(SmsMessage(PHONE, "Hi Ana")).outcome is Outcome.ACCEPTED
    assert b"apiKey=key-9f2" in raw_server.requests[0]
    assert not any(secret in caplog.text for secret in ("key-9f2", "4155552671", "Ana"))


def test_receipts_and_replies_come_back_out_of_order_and_twice(account: Account) -> None:
    account.send()
    account.send("+14155552672")
    with listening() as target:
        url = f"{target.url}/hooks/s3cret"
        account.behave(webhookUrl=url)
        asked = {"statuses": ["sent", "delivered"], "order": "shuffled", "copies": 2, "seed": 3}
        receipts = account.sandbox.ask("POST", f"/accounts/{account.key}/receipts", asked)
        reply = {"from": "14155552671", "body": "STOP"}
        replies = account.sandbox.ask("POST", f"/accounts/{account.key}/replies", reply)
        told = [
            event
            for request in target.requests
            for event in read_events(request.body, given="s3cret", secret="s3cret", received_at=NOW)
        ]

    assert (receipts["statuses"], replies["statuses"]) == ([200] * 8, [200])
    assert {request.path for request in target.requests} == {"/work/hooks/s3cret"}
    assert len({event.key for event in told}) == 5
    ids = {text["id"] for text in account.sandbox.inbox()}
    assert {event.message_id for event in told[:-1]} == ids
    assert (told[-1].kind, told[-1].customer_phone, told[-1].text) == (EventKind.REPLIED, PHONE, "STOP")


def test_the_inbox_is_emptied_on_demand_and_shown_with_all_others(account: Account, vendors_sandbox: str) -> None:
    import requests

    account.send()
    shown = requests.get(f"http://{vendors_sandbox}/inbox", params={"to": "14155552671"}, timeout=30).json()
    assert [(message["channel"], message["body"]) for message in shown] == [("sms", TEXT)]

    account.sandbox.ask("DELETE", "/inbox")
    assert account.sandbox.inbox() == []
