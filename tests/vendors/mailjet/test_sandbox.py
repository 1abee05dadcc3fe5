"""The client against the sandbox: batches, results of each message, and every way in which a batch can end."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from emulator.vendors.client import SandboxClient
from lib.vendors.http import Budget
from lib.vendors.limiter import Rate
from lib.vendors.mailjet.client import Mailjet
from lib.vendors.mailjet.config import MailjetConfig
from lib.vendors.mailjet.webhook import basic_password, read_events
from lib.vendors.senders import EmailMessage, Outcome, SendResult
from tests.emulator.tasks.target import listening
from tests.vendors.mailjet.test_payloads import SHOP, email
from tests.vendors.raw_server import RawServer, json_answer

QUICK = Budget("quick", read_seconds=0.5, total_seconds=60, tries=3, backoff_seconds=0.001, backoff_max_seconds=0.01)
A, B, C = "a@example.com", "b@example.com", "c@example.com"


class Account:
    """A key of its own, its sandbox and a client."""

    def __init__(self, sandbox: SandboxClient) -> None:
        self.sandbox = sandbox
        self.key = uuid.uuid4().hex
        self.client = Mailjet(MailjetConfig(self.key, "s3cret", SHOP, sandbox.base_url), budget=QUICK, rate=Rate(1000))
        self.behave(secret="s3cret")

    def behave(self, **settings: Any) -> None:
        self.sandbox.put_account(self.key, **settings)

    def send(self, *to: str) -> list[SendResult]:
        return list(self.client.send([email(f"to-{address}", address) for address in to]))

    def outcomes(self, *to: str) -> list[Outcome]:
        return [result.outcome for result in self.send(*to)]

    def delivered(self) -> list[str]:
        return [mail["to"] for mail in self.sandbox.inbox()]

    def asked(self) -> int:
        total: int = self.sandbox.requests()["total"]
        return total


@pytest.fixture
def account(mailjet_sandbox: SandboxClient) -> Account:
    return Account(mailjet_sandbox)


def test_a_mail_arrives_as_written(account: Account) -> None:
    headers = {"List-Unsubscribe": "<https://shop.example/u>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    (result,) = account.client.send([email(subject="Für Ana 😀", html="<p>€</p>", text="€", headers=headers)])
    (mail,) = account.sandbox.inbox("ana@example.com")

    assert (result.outcome, result.provider_id) == (Outcome.ACCEPTED, str(mail["id"]))
    assert (mail["subject"], mail["html"], mail["text"]) == ("Für Ana 😀", "<p>€</p>", "€")
    assert (mail["headers"], mail["customId"], mail["from"]) == (headers, "msg-1", "hello@shop.example")


def test_fifty_go_in_one_request_and_no_more(account: Account) -> None:
    fifty = [f"{number}@example.com" for number in range(50)]

    assert account.outcomes(*fifty) == [Outcome.ACCEPTED] * 50
    assert (account.asked(), account.delivered()) == (1, fifty)
    with pytest.raises(ValueError, match="at most 50"):
        account.send(*fifty, "one.more@example.com")
    assert account.asked() == 1


def test_nothing_to_send_asks_nothing(account: Account) -> None:
    assert account.send() == []
    assert account.asked() == 0


def test_two_messages_of_one_id_are_a_mistake(account: Account) -> None:
    with pytest.raises(ValueError, match="same id"):
        account.client.send([email("m"), email("m", B)])


@pytest.mark.parametrize("status", [200, 400])
def test_each_message_of_a_batch_has_its_own_result(account: Account, status: int) -> None:
    account.behave(refused=[B], failing=[C], partialStatus=status)

    assert account.outcomes(A, B, C, "d@example.com") == [
        Outcome.ACCEPTED,
        Outcome.REFUSED,
        Outcome.RETRY,
        Outcome.ACCEPTED,
    ]
    assert account.delivered() == [A, "d@example.com"]
    assert account.asked() == 1


def test_a_message_that_must_not_go_holds_up_no_other(account: Account) -> None:
    messages = [email("m-a", A), email("m-b", B, subject="Hi\r\nBcc: all@example.com"), email("m-c", C)]
    results = account.client.send(messages)

    assert [result.outcome for result in results] == [Outcome.ACCEPTED, Outcome.REFUSED, Outcome.ACCEPTED]
    assert results[1].reason == "line_break"
    assert account.delivered() == [A, C]


def test_a_batch_refused_as_a_whole_is_refused(raw_server: RawServer) -> None:
    raw_server.says(json_answer(b'{"ErrorCode": "mj-0003", "StatusCode": 400}', "400 Bad Request"))
    client = Mailjet(MailjetConfig(uuid.uuid4().hex, "s", SHOP, raw_server.url), budget=QUICK)

    assert [it.outcome for it in client.send([email("a", A), email("b", B)])] == [Outcome.REFUSED] * 2
    assert len(raw_server.requests) == 1


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request"])
def test_results_for_other_messages_say_nothing_of_ours(raw_server: RawServer, status: str) -> None:
    raw_server.says(json_answer(b'{"Messages": [{"Status": "success"}]}', status))
    client = Mailjet(MailjetConfig(uuid.uuid4().hex, "s", SHOP, raw_server.url), budget=QUICK)

    assert [it.outcome for it in client.send([email("a", A), email("b", B)])] == [Outcome.UNKNOWN] * 2
    assert len(raw_server.requests) == 1


def test_a_wrong_secret_is_not_the_messages_fault(account: Account) -> None:
    account.behave(secret="another")

    assert account.send(A) == [SendResult(Outcome.RETRY, reason="credentials")]
    assert account.asked() == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_was_clearly_not_done_is_done_after_all(account: Account, status: int) -> None:
    account.sandbox.fail("status", status=status, times=2)

    assert account.outcomes(A, B) == [Outcome.ACCEPTED] * 2
    assert (account.asked(), account.delivered()) == (3, [A, B])


def test_what_is_refused_to_the_end_may_be_tried_later(account: Account) -> None:
    account.sandbox.fail("status", status=429, times=None)

    assert account.outcomes(A, B) == [Outcome.RETRY] * 2
    assert account.delivered() == []


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "hang"},
        {"kind": "hang", "afterEffect": True},
        {"kind": "status", "status": 502, "html": True, "afterEffect": True},
        {"kind": "html", "afterEffect": True},
        {"kind": "cut_body"},
        {"kind": "cut_json"},
        {"kind": "half_page"},
    ],
    ids=str,
)
def test_an_outcome_that_nobody_knows_is_never_repeated(account: Account, fault: dict[str, Any]) -> None:
    account.sandbox.fail(**fault, times=None)

    assert account.outcomes(A, B) == [Outcome.UNKNOWN] * 2
    assert account.asked() == 1
    assert len(account.delivered()) in (0, 2)


def test_nobody_listening_is_a_clear_no() -> None:
    client = Mailjet(MailjetConfig("nobody", "s", SHOP, "http://127.0.0.1:1"), budget=QUICK, rate=Rate(1000))

    assert client.send([email()]) == (SendResult(Outcome.RETRY, reason="unreachable"),)


@pytest.mark.parametrize(("grouped", "requests"), [(None, 14), (100, 1), (5, 3)])
def test_events_come_back_single_or_grouped_out_of_order_and_twice(
    account: Account, grouped: int | None, requests: int
) -> None:
    account.send(A)
    names = ["sent", "open", "click", "bounce", "blocked", "spam", "unsub"]
    with listening() as target:
        account.behave(webhookUrl=target.url.replace("http://", "http://mailjet:s3cret@"))
        asked = {"events": names, "order": "shuffled", "copies": 2, "seed": 5, "grouped": grouped}
        told = account.sandbox.ask("POST", f"/accounts/{account.key}/events", asked)
        received = list(target.requests)

    assert told["statuses"] == [200] * requests
    events = [
        event
        for request in received
        for event in read_events(
            request.body, given=basic_password(request.headers.get("authorization")), secret="s3cret"
        )
    ]
    assert len(events) == 14
    assert {event.name for event in events} == set(names)
    assert len({event.key for event in events}) == 7
    assert [event.name for event in events] != [name for name in names for _ in range(2)]
    assert {event.message_id for event in events} == {f"to-{A}"}
    assert {event.provider_id for event in events} == {str(account.sandbox.inbox()[0]["id"])}


def test_an_event_can_be_made_to_say_anything(account: Account) -> None:
    account.send(A, B)
    with listening() as target:
        asked = {"url": target.url, "to": B, "events": ["bounce"], "fields": {"hard_bounce": False}}
        account.sandbox.ask("POST", f"/accounts/{account.key}/events", asked)
        (event,) = read_events(target.requests[0].body, given="s", secret="s")

    assert (event.email, event.permanent) == (B, False)


def test_the_same_message_twice_is_two_mails(account: Account) -> None:
    """They deduplicate nothing, which is why nothing of unknown outcome may be repeated."""
    message: EmailMessage = email()
    account.client.send([message])
    account.client.send([message])

    assert len(account.sandbox.inbox()) == 2
