"""Sends e-mails in batches: the one that was asked for and others of its org that are due, in one request."""

import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from lib.domain.consent import Channel
from lib.domain.messages import Message, State, is_abandoned
from lib.platform import clock
from lib.store import message_batches, messages, messaging
from lib.store.org import OrgStore
from lib.usecases.sending import accounts
from lib.usecases.sending.claiming import Claimed, Later, Rules, claim, settle
from lib.usecases.sending.tasks import again
from lib.vendors.errors import SwitchedOff
from lib.vendors.senders import EmailAddress, EmailMessage, EmailSender

_THREADS = 8

Result = TypeVar("Result")


def send(org_id: str, message_id: str) -> None:
    """Sends the e-mail, if it is time and it may be sent, and as many more as go into the same request.

    Safe to be called any number of times, also at once: each e-mail is handed over at most once. One read when another
    task has seen to it already, which most find that were enqueued for a batch.
    """
    org = OrgStore(org_id)
    first = messages.load(org, message_id)
    if first is None or first.state is not State.QUEUED:
        return
    now = clock.now()
    if first.send_after > now:
        again(first)
        return
    settings = messaging.load(org)
    try:
        account = accounts.emails(org_id, settings)
    except SwitchedOff as error:
        claim(Rules.of(org, Channel.EMAIL, settings, f"vendor_off:{error.reason}"), message_id)
        return
    due = messages.due_with(org, first, now, account.batch_max)
    _send(Rules.of(org, Channel.EMAIL, settings), account, list(dict.fromkeys([first.id, *due])))


def _send(rules: Rules, account: EmailSender, message_ids: Sequence[str]) -> None:
    """Whatever goes wrong with one message, those that were claimed are handed over and written down."""
    batch_id = uuid.uuid4().hex
    with ThreadPoolExecutor(_THREADS) as threads:
        claiming = partial(_attempt, partial(claim, rules, batch_id=batch_id))
        found = list(threads.map(claiming, message_ids[: account.batch_max]))
        claims = [each for each in found if isinstance(each, Claimed)]
        results = account.send([_mail(each) for each in claims]) if _is_to_go(rules, batch_id, claims) else ()
        ended = list(threads.map(partial(_attempt, settle, rules.org), claims, results))
    for each in (*found, *ended):
        if isinstance(each, Later):
            again(each.message)
        elif isinstance(each, Message):
            again(each)
    for error in (each for each in (*found, *ended) if isinstance(each, Exception)):
        raise error


def _is_to_go(rules: Rules, batch_id: str, claims: Sequence[Claimed]) -> bool:
    """Whether the request is made now, which is written down first. A batch on which we have slept is left to the
    sweep, which has its messages looked at once more."""
    now = clock.now()
    is_late = any(is_abandoned(each.message, now) for each in claims)
    return bool(claims) and not is_late and message_batches.hand_over(rules.org, batch_id, now)


def _attempt(work: Callable[..., Result], *given: object) -> Result | Exception:
    """What came of it, also if that is an error."""
    try:
        return work(*given)
    except Exception as error:  # noqa: BLE001  # raised when the others have been seen to
        return error


def _mail(found: Claimed) -> EmailMessage:
    message, draft = found.message, found.draft
    return EmailMessage(
        message_id=message.id,
        to=EmailAddress(draft.address),
        subject=draft.subject,
        html=draft.html,
        text=draft.body,
        headers=draft.headers,
        campaign=message.campaign_id,
    )
