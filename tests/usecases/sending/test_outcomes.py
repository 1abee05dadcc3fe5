"""What a vendor answers, and what is made of it: sent, tried again at its time, failed, or unknown for ever."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from types import ModuleType
from typing import Any

import pytest

from lib.domain.consent import Channel
from lib.domain.messages import LEASE, State, reported
from lib.store import messages
from lib.store import transaction as transactions
from lib.usecases import sending
from lib.usecases.sending import emails, texts
from tests.usecases.sending.desk import MAIL, Desk


def test_what_is_refused_has_failed_and_counts_for_no_cap(desk: Desk) -> None:
    ann = desk.customer("ann")
    desk.texts.put_account(desk.key, refused=[desk.phone()])
    (message,) = desk.send(desk.message(ann))
    assert (message.state, message.reason) == (State.FAILED, "rejected:unreachable_number")
    remembered = desk.org.collection("recent_messages")
    assert remembered.get() == []
    desk.texts.put_account(desk.key, refused=[])
    (other,) = desk.send(desk.message(ann, cause="summer:1"))
    assert other.state is State.SENT
    (kept,) = remembered.get()
    assert kept.get("expiresAt") == desk.time.now() + timedelta(days=90)


def test_a_vendor_that_wants_to_be_left_alone_is(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    # The account's limiter keeps to Retry-After in real time; one that is out of its patience says so at once.
    desk.texts.fail("status", status=429, retryAfter=7200, times=1)
    (message,) = desk.send(desk.message(desk.customer("ann")))
    assert (message.state, message.reason) == (State.QUEUED, "rate_limited")
    assert message.send_after - desk.time.now() >= timedelta(seconds=7100)
    assert desk.queue.due() == [message.send_after]


def test_what_is_clearly_not_sent_is_sent_later(desk: Desk) -> None:
    desk.texts.fail("status", status=503, times=2)
    (message,) = desk.send(desk.message(desk.customer("ann")))
    assert (message.state, message.reason, message.attempts) == (State.QUEUED, "server_error", 1)
    assert timedelta(seconds=30) <= message.send_after - desk.time.now() <= timedelta(seconds=38)
    desk.time.advance(timedelta(minutes=1))
    desk.queue.deliver()
    assert (desk.stored(message).state, desk.stored(message).attempts, len(desk.arrived())) == (State.SENT, 2, 1)


def test_somebody_who_leaves_before_the_second_try_gets_nothing(desk: Desk) -> None:
    desk.texts.fail("status", status=503, times=2)
    (message,) = desk.send(desk.message(desk.customer("ann")))
    desk.opt_out("+12122000000")
    desk.time.advance(timedelta(minutes=1))
    desk.queue.deliver()
    assert (desk.stored(message).reason, desk.arrived()) == ("opted_out", [])


@pytest.mark.parametrize("done", [True, False])
def test_what_may_have_been_sent_is_never_sent_again(desk: Desk, done: bool) -> None:
    desk.texts.fail("status", status=504, html=True, afterEffect=done)
    (message,) = desk.send(desk.message(desk.customer("ann")))
    assert (message.state, desk.document(message)["status"]) == (State.UNKNOWN, "failed")
    for _ in range(3):
        desk.pass_time(hours=1)
    assert (desk.stored(message).state, len(desk.arrived())) == (State.UNKNOWN, int(done))
    # It counts as sent where only so many may be.
    (other,) = desk.send(desk.message(f"{desk.org_id}_ann", cause="summer:1"))
    assert other.reason == "capped"


def test_events_settle_what_is_unknown(desk: Desk) -> None:
    desk.mails.fail("status", status=504, html=True, afterEffect=True)
    (message,) = desk.send(desk.message(desk.customer("ann"), MAIL))
    assert message.state is State.UNKNOWN
    now = desk.time.now()

    def work(transaction: transactions.Transaction) -> None:
        found = messages.get(transaction, desk.org, message.id)
        messages.save(transaction, desk.org, reported(found, State.OPENED, now), now)

    transactions.run(work)
    fields = desk.document(message)
    assert (fields["status"], fields["openedAt"], fields["statusReason"]) == ("opened", now, None)


@pytest.mark.parametrize("status", [200, 400])
def test_a_batch_of_which_some_are_refused(desk: Desk, status: int) -> None:
    given = [desk.message(desk.customer(f"c{number}", number), MAIL) for number in range(50)]
    desk.mails.put_account(desk.key, refused=["c3@example.com"], failing=["c5@example.com"], partialStatus=status)
    desk.opt_out("c7@example.com", given[7].channel)
    # A batch begins at the message asked for; at the first of them, it has all fifty.
    first = min(desk.queue_only(*given), key=lambda message: message.id)
    sending.send_emails(desk.org_id, first.id)
    states = {number: desk.stored(message).state for number, message in enumerate(given)}
    expected = {3: State.FAILED, 5: State.QUEUED, 7: State.SKIPPED}
    assert states == {number: expected.get(number, State.SENT) for number in range(50)}
    assert desk.mails.requests()["total"] == 1
    desk.mails.put_account(desk.key, failing=[])
    desk.time.advance(timedelta(minutes=1))
    desk.queue.deliver()
    assert desk.stored(given[5]).state is State.SENT
    assert sorted(mail["to"] for mail in desk.arrived()) == sorted(
        f"c{number}@example.com" for number in range(50) if number not in (3, 7)
    )


def test_a_claim_that_nobody_comes_back_to_is_unknown(desk: Desk) -> None:
    message = desk.message(desk.customer("ann"))
    sending.enqueue(desk.queue_only(message))
    desk.queue.redelivers = False
    desk.killer.arm(1)
    desk.queue.deliver()
    assert desk.stored(message).state is State.SENDING
    desk.pass_time(minutes=2)
    assert desk.stored(message).state is State.SENDING
    desk.pass_time(minutes=2)
    assert (desk.stored(message).state, desk.stored(message).reason) == (State.UNKNOWN, "worker_lost")


class TestSleepers:
    """A worker that is stopped between its claim and the request, as instances without requests are."""

    def test_a_text_whose_claim_has_run_out_is_looked_at_again(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        message = desk.message(desk.customer("ann"))
        desk.queue_only(message)
        _sleep_after_claims(monkeypatch, desk, texts)
        sending.send_text(desk.org_id, message.id)
        found = desk.stored(message)
        assert (found.state, found.reason, desk.arrived()) == (State.QUEUED, texts.LATE, [])
        desk.time.advance(timedelta(minutes=1))
        desk.queue.deliver()
        assert (desk.stored(message).state, len(desk.arrived())) == (State.SENT, 1)

    def test_one_that_was_written_off_meanwhile_stays_so(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        message = desk.message(desk.customer("ann"))
        desk.queue_only(message)
        _sleep_after_claims(monkeypatch, desk, texts, meanwhile=sending.sweep)
        sending.send_text(desk.org_id, message.id)
        assert (desk.stored(message).state, desk.arrived()) == (State.UNKNOWN, [])

    @pytest.mark.parametrize("leaves", [True, False])
    def test_a_batch_is_left_to_the_sweep(self, desk: Desk, monkeypatch: pytest.MonkeyPatch, leaves: bool) -> None:
        given = [desk.message(desk.customer(f"c{number}", number), MAIL) for number in range(3)]
        first = min(desk.queue_only(*given), key=lambda message: message.id)
        _sleep_after_claims(monkeypatch, desk, emails, claims=3)
        sending.send_emails(desk.org_id, first.id)
        assert {desk.stored(message).state for message in given} == {State.SENDING}
        if leaves:
            desk.opt_out("c1@example.com", Channel.EMAIL)
        desk.pass_time(minutes=1)
        assert sorted(mail["to"] for mail in desk.arrived()) == [
            f"c{number}@example.com" for number in range(3) if number != 1 or not leaves
        ]


def _sleep_after_claims(
    patches: pytest.MonkeyPatch,
    desk: Desk,
    sender: ModuleType,
    claims: int = 1,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """So many claims are committed, and then nothing happens for longer than they last."""
    claim, done = sender.claim, count(1)

    def slow(*arguments: Any, **options: Any) -> Any:
        found = claim(*arguments, **options)
        if next(done) == claims:
            desk.time.advance(LEASE)
            meanwhile()
        return found

    patches.setattr(sender, "claim", slow)
