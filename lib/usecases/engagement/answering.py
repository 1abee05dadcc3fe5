"""The answer to STOP, START and HELP: one text, at once, whatever the hour and the state of consent.

It is not queued with the other messages, because their last look would refuse it: of somebody who has just said STOP
exactly this one confirmation is allowed (47 CFR 64.1200(a)(12), within five minutes and without advertising). It is
claimed in the transaction that works the reply and sent after it, once; a worker that dies between leaves it unsent.
"""

from dataclasses import dataclass, field
from datetime import datetime

from lib.domain import replies
from lib.domain.replies import ReplyKind
from lib.platform import clock, secrets
from lib.store import messaging
from lib.store import replies as reply_rows
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.vendors.blackleaf.client import Blackleaf
from lib.vendors.blackleaf.config import BlackleafConfig
from lib.vendors.errors import SwitchedOff
from lib.vendors.senders import Outcome, SmsMessage, SmsSender

_OUR_SHOP = "This shop"


@dataclass(frozen=True, slots=True)
class Answer:
    """`row_id`: of the row in which it is claimed and settled."""

    row_id: str
    to: str = field(repr=False)
    text: str = field(repr=False)


def answer_to(transaction: Transaction, org: OrgStore, kind: ReplyKind, phone: str, now: datetime) -> Answer | None:
    """What to answer; None for nothing: to what a person should read, where the org has no account, and where the same
    was answered within the hour. One read."""
    settings = messaging.load(org)
    text = replies.answer(kind, settings.shop_name or _OUR_SHOP, settings.email.from_email)
    if text is None or secrets.blackleaf_key(org.org_id) is None:
        return None
    row_id = reply_rows.answer_id(org, phone, kind, now)
    return None if reply_rows.was_answered(transaction, org, row_id) else Answer(row_id, phone, text)


def send(org: OrgStore, answer: Answer) -> None:
    """Sends a claimed answer and writes down what came of it. Never raises for what a vendor does."""
    try:
        result = _sender(org).send(SmsMessage(answer.to, answer.text))
        reason = "" if result.outcome is Outcome.ACCEPTED else result.reason or result.outcome.value
        provider_id = result.provider_id
    except SwitchedOff as error:
        reason, provider_id = error.reason or "vendor_off", ""
    reply_rows.settle_answer(org, answer.row_id, provider_id, reason, clock.now())


def _sender(org: OrgStore) -> SmsSender:
    key, url = secrets.blackleaf_key(org.org_id), secrets.blackleaf_base_url()
    api = messaging.load(org).sms.api
    return Blackleaf(BlackleafConfig.from_document({"apiKey": key, "api": api, "baseUrl": url}))
