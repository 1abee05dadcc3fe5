"""Working one event: its message, its customer's dates, the log of its address and the answer to a reply, all in one
transaction that also marks the event as worked; so that twice is once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lib.domain import messages as message_states
from lib.domain import pushes, replies
from lib.domain.consent import ConsentEvent, ConsentKind, ConsentSource
from lib.domain.errors import Unavailable
from lib.domain.ids import is_id
from lib.domain.loose_fields import instant
from lib.domain.messages import Message
from lib.domain.pushes import Push
from lib.domain.replies import ReplyKind
from lib.domain.vendor_events import Happened, VendorEvent
from lib.platform import clock, logs, tasks
from lib.store import last_messages, messages, opting, vendor_events
from lib.store import replies as reply_rows
from lib.store import transaction as transactions
from lib.store.opting import Opened
from lib.store.org import OrgStore
from lib.store.replies import Reply
from lib.store.transaction import Snapshot, Transaction
from lib.usecases.engagement.answering import Answer, answer_to, send

_REPLY_KINDS = {
    ReplyKind.STOP: ConsentKind.ALL_WITHDRAWN,
    ReplyKind.START: ConsentKind.MARKETING_GRANTED,
}
_OPT_OUTS = (ConsentKind.MARKETING_WITHDRAWN, ConsentKind.ALL_WITHDRAWN)


@dataclass(frozen=True, slots=True)
class _Done:
    """What is left to do after the commit."""

    pushes: tuple[Push, ...] = ()
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """What an event is about, as a transaction has read it. `last`: the message that somebody opts out in answer to."""

    event: VendorEvent
    message: Message | None
    customer: Snapshot | None
    opened: Opened | None
    consent: ConsentEvent | None
    reply: ReplyKind | None
    answer: Answer | None = field(default=None)
    last: Message | None = field(default=None)


def work_all(org_id: str, item_ids: Sequence[str]) -> None:
    """Works events that wait in the org's inbox; those that were worked before are left alone.

    One that cannot be worked holds up no other. Raises what the last of them raised, so that the queue tries again.
    """
    failed: Exception | None = None
    for item_id in item_ids:
        try:
            _work(OrgStore(org_id), item_id)
        except Exception as error:  # noqa: BLE001  # the others first; then it is raised
            failed = error
    if failed is not None:
        raise failed


def _work(org: OrgStore, item_id: str) -> None:
    now = clock.now()

    def work(transaction: Transaction) -> _Done:
        event = vendor_events.load(transaction, org, item_id)
        return _Done() if event is None else _write(transaction, org, _read(transaction, org, event, now), now)

    done = transactions.run(work)
    if done.answer is not None:
        send(org, done.answer)
    try:
        for push in done.pushes:
            tasks.enqueue(pushes.QUEUE, push.work, {"orgId": push.org_id, "pushId": push.id})
    except Unavailable as error:
        logs.task_refused("workevent", error)


def _read(transaction: Transaction, org: OrgStore, event: VendorEvent, now: datetime) -> _Read:
    """All reads. Billed: the event, its message by an id or two, then what the event touches."""
    message = _message(transaction, org, event)
    if message is None and event.may_be_early(now):
        raise Unavailable("its message may not be written down yet", reason="early")
    customer = None
    if message is not None and event.seen_field:
        customer = transaction.get([org.customer(message.customer_id)])[0]
    reply = replies.classify(event.text) if event.happened is Happened.REPLIED else None
    kind = _REPLY_KINDS.get(reply) if reply else event.consent_kind
    address = event.address or (message.address if message else "")
    opened, consent = None, None
    if address and (kind or reply):
        customer_ids = [message.customer_id] if message else []
        opened = opting.open_log(
            transaction, org, event.channel, address, cause=f"inbox:{event.id}", customer_ids=customer_ids
        )
    if opened and kind:
        source = ConsentSource.REPLY if reply else ConsentSource.VENDOR
        consent = ConsentEvent(kind, source, event.at, now, event.text or event.name, event.vendor)
    answer = answer_to(transaction, org, reply, address, now) if reply and address else None
    last = None
    if address and kind in _OPT_OUTS:
        last = message or last_messages.sent_to(transaction, org, event.channel, address, event.at)
    return _Read(event, message, customer, opened, consent, reply, answer, last)


def _message(transaction: Transaction, org: OrgStore, event: VendorEvent) -> Message | None:
    """Ours by the id that we gave the vendor, else by the one that the vendor gave us."""
    found = messages.find(transaction, org, event.message_id) if is_id(event.message_id) else None
    if found is None and event.provider_id:
        found = messages.find_sent(transaction, org, event.vendor, event.provider_id)
    return found


def _write(transaction: Transaction, org: OrgStore, read: _Read, now: datetime) -> _Done:
    event, message = read.event, read.message
    if message is not None and event.state is not None:
        reported = message_states.reported(message, event.state, event.at, _reason(event))
        if reported != message:
            messages.save(transaction, org, reported, now)
    if read.customer is not None and event.seen_field:
        _see(transaction, org, read.customer, event.seen_field, event.at)
    entered = opting.Entered(False)
    if read.opened and read.consent:
        entered = opting.enter(transaction, org, read.opened, read.consent)
        if read.last and entered.changed:
            messages.save(transaction, org, message_states.unsubscribed(read.last, event.at), now)
    if read.reply and read.opened:
        known = read.opened.matched.customer_ids
        written = Reply(
            event.id, read.opened.matched.address, known[0] if known else None, event.text, event.vendor, event.at
        )
        reply_rows.enter(transaction, org, written, now)
        if read.answer:
            reply_rows.claim_answer(transaction, org, read.answer.row_id, written, read.answer.text, now)
    vendor_events.close(transaction, org, event, _outcome(read), now)
    return _Done(entered.pushes, read.answer)


def _see(transaction: Transaction, org: OrgStore, customer: Snapshot, name: str, at: datetime) -> None:
    """Moves one date of a customer forward, never back."""
    fields = customer.to_dict() or {}
    known = instant(fields.get(name))
    if org.owns(fields) and (known is None or known < at):
        transaction.update(customer.reference, {name: at})


def _reason(event: VendorEvent) -> str:
    """A word to count by; what the vendor's server said may quote the address and stays in the inbox."""
    if event.permanent:
        return "undeliverable"
    return event.name or event.happened.value


def _outcome(read: _Read) -> str:
    if read.event.happened is Happened.OTHER:
        return "unknown_event"
    if read.reply:
        # Of a sender that is no telephone number (a short code, an alphanumeric one) nothing can be entered.
        return read.reply.value if read.opened else "no_address"
    if read.message is None and read.consent is None:
        return "unknown_message"
    return read.event.happened.value
