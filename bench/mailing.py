"""A mailing to many people while everything goes wrong: vendors fail and hang, workers die, tasks come twice or never,
and people opt out in the middle. Documents, vendors' HTTP and what the workers do are real; the queue is at hand.

`Mailing.run` sends it and `Mailing.violations` says who got what they should not have got, or is not accounted for.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Any, ClassVar
from unittest import mock

from google.api_core.exceptions import GoogleAPIError

from emulator.vendors.client import SandboxClient
from lib.domain.consent import Channel
from lib.domain.errors import PerennialError
from lib.domain.frequency import MessageType, good_until
from lib.domain.message_wording import EmailTemplate, SmsTemplate, Template
from lib.domain.messages import LEASE, Cause, Message, State
from lib.domain.messaging import validated_messaging
from lib.domain.unsubscribe import UnsubscribeRequest
from lib.platform import clock, tasks
from lib.store import message_templates, messages, messaging
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.usecases import consents, sending
from lib.vendors import http
from lib.vendors.blackleaf.config import BlackleafConfig
from lib.vendors.breaker import BreakerPolicy
from lib.vendors.http import Budget
from lib.vendors.limiter import Rate

_BEGIN = datetime(2026, 11, 3, 18, tzinfo=UTC)
_COMMIT_DOCUMENTS = 250
_ATTEMPTS_MAX = 8
_BACKOFF = timedelta(seconds=30)
_ROUNDS_MAX = 60
_TEXT = SmsTemplate("Hi {{firstName}}, you have {{loyaltyPoints}} points.")
_MAIL = EmailTemplate("{{firstName}}, we miss you", "Hi {{firstName}}, you have {{loyaltyPoints}} points.")


class Killed(BaseException):
    """The worker is gone: nothing catches this."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Shares of what goes wrong. `refusing`, `failing`, `hanging`: of requests (hanging: half of them are done all the
    same); `dying`: of commits; `twice`: of tasks; `out`, `leaving`: of people, before and in the middle."""

    refusing: float = 0.025
    failing: float = 0.025
    hanging: float = 0.05
    dying: float = 0.02
    twice: float = 0.1
    out: float = 0.05
    leaving: float = 0.05


@dataclass
class Mailing:
    """`people` of one org get one message each. Everything follows from `seed`, but for the order of threads."""

    org_id: str
    channel: Channel
    people: int
    sandbox: SandboxClient
    seed: int = 1
    threads: int = 16
    trouble: Trouble = field(default_factory=Trouble)
    noun: ClassVar[str] = "mailing"

    def __post_init__(self) -> None:
        self.org = OrgStore(self.org_id)
        self._random = random.Random(self.seed)
        self._messages: list[Message] = []
        self._out = set(self._some(self.trouble.out))
        self._refused = set(self._some(self.trouble.refusing))
        self._leaving = sorted(set(self._some(self.trouble.leaving)) - self._out)
        self._left_at: dict[int, datetime] = {}
        self._prepared = False
        self.deaths = 0
        self._clock = _Clock()
        self._queue = _Queue(self._clock, self._random, self.trouble.twice)

    @property
    def environment(self) -> dict[str, str]:
        """What the product needs to know of the vendors; to be set while it runs."""
        keys = '{"%s": "key-%s:secret"}' if self.channel is Channel.EMAIL else '{"%s": "key-%s"}'
        name = "MAILJET" if self.channel is Channel.EMAIL else "BLACKLEAF"
        return {
            f"{name}_KEYS": keys % (self.org_id, self.org_id),
            f"{name}_BASE_URL": self.sandbox.base_url,
            "LINK_KEYS": '{"current": "a", "keys": {"a": "0123456789abcdef"}}',
        }

    def run(self) -> None:
        """Queues the mailing, sends it, and goes on until nothing waits and no worker is missing."""
        self.prepare()
        with self._accidents():
            self._queue_all()
            self._break_vendor()
            workers = [threading.Thread(target=self._work) for _ in range(self.threads)]
            for worker in workers:
                worker.start()
            self._leave_meanwhile()
            for worker in workers:
                worker.join()
            self.sandbox.heal()
            self._sweep_until_done()

    def states(self) -> Counter[str]:
        """How many messages ended how, by state and reason."""
        ended = Counter[str]()
        for message in self._stored().values():
            ended[f"{message.state} {message.reason}".strip()] += 1
        return ended

    def violations(self) -> list[str]:
        """Whoever got more or less than is written down, or something after they had opted out."""
        got = Counter(mail["to"] for mail in self.sandbox.inbox())
        stored, found = self._stored(), []
        for number, message in ((number, stored.get(self._messages[number].id)) for number in range(self.people)):
            if message is None:
                found.append(f"{number}: no message")
                continue
            copies = got.pop(self._address(number).removeprefix("+"), 0)
            found += [f"{number}: {why}" for why in self._wrongs(number, message, copies)]
        return found + [f"a stranger got {copies}" for copies in got.values()]

    def _wrongs(self, number: int, message: Message, copies: int) -> Iterator[str]:
        may_be = {State.SENT: {1}, State.UNKNOWN: {0, 1}}.get(message.state, {0})
        if message.state in (State.QUEUED, State.SENDING):
            yield f"still {message.state}"
        if copies not in may_be:
            yield f"{message.state} {message.reason}, but {copies} arrived"
        if number in self._out and (message.state is not State.SKIPPED or copies):
            yield f"opted out before, but {message.state} and {copies} arrived"
        left_at = self._left_at.get(number)
        if left_at and message.claimed_at and message.claimed_at > left_at:
            yield f"claimed {message.claimed_at - left_at} after opting out"

    def prepare(self) -> None:
        """The org's settings and its customers, who have agreed; the first time it is called."""
        if self._prepared:
            return
        self._prepared = True
        client = self.org.client
        for first in range(0, self.people, _COMMIT_DOCUMENTS):
            batch = client.batch()
            for number in range(first, min(first + _COMMIT_DOCUMENTS, self.people)):
                batch.set(self.org.customer(f"{self.org_id}_{number}"), self._customer(number))
            batch.commit()
        self._without_breaker()
        key = f"key-{self.org_id}"
        refused = [self._address(number).removeprefix("+") for number in self._refused]
        if self.channel is Channel.EMAIL:
            self.sandbox.put_account(key, secret="secret", refused=refused)  # noqa: S106 - a sandbox's
        else:
            self.sandbox.put_account(key, perMinute=10**6, refused=refused)
        email = {"enabled": True, "fromEmail": "shop@example.com", "postalAddress": "1 Main Street, Albany NY 12207"}
        wanted = {"sms": {"enabled": True, "perMinute": 60_000}, "email": email}
        fields = {**wanted, "orgId": self.org_id}
        validated_messaging(wanted)
        self.org.document("settings", "messaging").set(fields)
        messaging.forget(self.org)

    def _without_breaker(self) -> None:
        """The circuit breaker leaves a vendor alone for half a minute of real time, and ours goes faster."""
        vendor, account = "mailjet", f"key-{self.org_id}"
        if self.channel is Channel.SMS:
            vendor, account = "blackleaf", BlackleafConfig(account).account
        policy = BreakerPolicy(failures=self.people * 100)
        http.channel(vendor, self.sandbox.base_url, account, budget=Budget("send"), rate=Rate(10**6), policy=policy)

    def _customer(self, number: int) -> dict[str, Any]:
        consent = {"smsConsent": True, "emailConsent": True, "createdAt": _BEGIN - timedelta(days=30)}
        reach = {"email": f"reader{number}@example.com", "phone": f"+1415{2_000_000 + number}"}
        return {"orgId": self.org_id, "firstName": f"Reader {number}", "points": number, **reach, **consent}

    def _address(self, number: int) -> str:
        customer = self._customer(number)
        return str(customer["phone"] if self.channel is Channel.SMS else customer["email"])

    def _queue_all(self) -> None:
        template: Template = _TEXT if self.channel is Channel.SMS else _MAIL
        now = clock.now()
        template_id = message_templates.keep(self.org, template, now)
        for number in sorted(self._out):
            self._opt_out(number)
        self._messages = [
            Message(
                org_id=self.org_id,
                customer_id=f"{self.org_id}_{number}",
                channel=self.channel,
                cause=Cause("campaign", f"{self.org_id}:1"),
                kind=MessageType.CAMPAIGN,
                template_id=template_id,
                created_at=now,
                send_after=now,
                good_until=good_until(MessageType.CAMPAIGN, now),
                address=self._address(number),
            )
            for number in range(self.people)
        ]
        for first in range(0, self.people, _COMMIT_DOCUMENTS):
            page = self._messages[first : first + _COMMIT_DOCUMENTS]

            def work(transaction: Transaction, page: Sequence[Message] = page) -> tuple[Message, ...]:
                return messages.queue(transaction, self.org, *page)

            sending.enqueue(transactions.run(work))

    def _opt_out(self, number: int) -> None:
        request = UnsubscribeRequest(self.org_id, self.channel, self._address(number), signed=True)
        consents.follow(request, consents.Choice.UNSUBSCRIBE)

    def _leave_meanwhile(self) -> None:
        """People opt out one after the other while their messages are being sent."""
        for number in self._leaving:
            self._opt_out(number)
            self._left_at[number] = self._clock.now()

    def _break_vendor(self) -> None:
        """Requests fail at random places of the mailing. Those that hang end in a gateway's page: nobody knows."""
        requests = self.people if self.channel is Channel.SMS else self.people // 20 + 1
        for place in self._random.sample(range(requests), int(requests * self.trouble.failing)):
            limited = self._random.random() < 0.5
            # More often than the client asks by itself, so that the message has to come back.
            status = {"status": 429, "retryAfter": 0} if limited else {"status": 503}
            self.sandbox.fail("status", skip=place, times=3, **status)
        for place in self._random.sample(range(requests), int(requests * self.trouble.hanging)):
            done = self._random.random() < 0.5
            self.sandbox.fail("status", status=504, html=True, afterEffect=done, skip=place)

    def _work(self) -> None:
        while (task := self._queue.take()) is not None:
            try:
                self._deliver(task.queue, task.payload)
            except Killed:
                # Half of those whose worker died come again, the others are lost.
                lost = self._random.random() < 0.5
            except (PerennialError, GoogleAPIError):
                lost = task.attempt >= _ATTEMPTS_MAX
            else:
                lost = True
            self._queue.done(task, again=not lost)

    def _deliver(self, queue: str, payload: Mapping[str, Any]) -> None:
        if queue == "sendsms":
            sending.send_text(payload["orgId"], payload["messageId"], payload["delays"])
        else:
            sending.send_emails(payload["orgId"], payload["messageId"])

    def _sweep_until_done(self) -> None:
        for _ in range(_ROUNDS_MAX):
            self._clock.advance(LEASE + timedelta(minutes=10))
            with suppress(Killed):
                self._sweep()
            self._work()
            if self._is_done():
                return
        raise RuntimeError(f"the mailing does not end: {self.states()}")

    def _sweep(self) -> None:
        sending.sweep()

    def _is_done(self) -> bool:
        return all(message.state not in (State.QUEUED, State.SENDING) for message in self._stored().values())

    @contextmanager
    def _accidents(self) -> Iterator[None]:
        commit = Transaction.commit
        main = threading.current_thread()

        def dying(transaction: Transaction) -> None:
            self._perhaps_die(main)
            commit(transaction)
            self._perhaps_die(main)

        with (
            mock.patch.object(Transaction, "commit", dying),
            mock.patch.object(tasks, "enqueue", self._queue.enqueue),
            mock.patch.object(clock, "now", self._clock.now),
        ):
            yield

    def _perhaps_die(self, main: threading.Thread) -> None:
        if threading.current_thread() is not main and self._random.random() < self.trouble.dying / 2:
            self.deaths += 1
            raise Killed

    def _stored(self) -> dict[str, Message]:
        found = (messages.decode(self.org, snapshot) for snapshot in self.org.messages().stream())
        return {message.id: message for message in found if message}

    def _some(self, share: float) -> list[int]:
        return self._random.sample(range(self.people), round(self.people * share))


class _Clock:
    """Goes like any other, and can be put forward; from the same hour every time, because some hours are quiet."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._ahead = timedelta()

    def now(self) -> datetime:
        return _BEGIN + timedelta(seconds=time.monotonic() - self._started) + self._ahead

    def advance(self, by: timedelta) -> None:
        self._ahead += by


@dataclass(frozen=True, slots=True)
class _Task:
    queue: str
    payload: Mapping[str, Any]
    attempt: int


class _Queue:
    """Cloud Tasks: names are remembered, tasks wait for their time, and some come twice."""

    def __init__(self, clock: _Clock, chance: random.Random, twice: float) -> None:
        self._clock, self._random, self._twice = clock, chance, twice
        self._changed = threading.Condition()
        self._waiting: list[tuple[datetime, int, _Task]] = []
        self._names: set[tuple[str, ...]] = set()
        self._order = count()
        self._running = 0

    def enqueue(self, queue: str, work: Sequence[str], payload: Mapping[str, Any], at: datetime | None = None) -> None:
        """In place of `lib.platform.tasks.enqueue`."""
        with self._changed:
            if (queue, *work) in self._names:
                return
            self._names.add((queue, *work))
            for _ in range(1 + (self._random.random() < self._twice)):
                self._put(_Task(queue, payload, 1), at or self._clock.now())

    def take(self) -> _Task | None:
        """The next task; None when none is left. Time passes until it is due, unless somebody is at work."""
        with self._changed:
            while True:
                if self._waiting and (self._waiting[0][0] <= self._clock.now() or not self._running):
                    due = self._waiting[0][0]
                    self._clock.advance(max(timedelta(), due - self._clock.now()))
                    self._running += 1
                    return heappop(self._waiting)[2]
                if not self._waiting and not self._running:
                    self._changed.notify_all()
                    return None
                self._changed.wait(0.01)

    def done(self, task: _Task, *, again: bool) -> None:
        """The task has ended; `again` has it come back."""
        with self._changed:
            self._running -= 1
            if again:
                self._put(_Task(task.queue, task.payload, task.attempt + 1), self._clock.now() + _BACKOFF)
            self._changed.notify_all()

    def _put(self, task: _Task, at: datetime) -> None:
        heappush(self._waiting, (at, next(self._order), task))
        self._changed.notify()
