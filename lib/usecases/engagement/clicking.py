"""Short links in texts: where one leads, and that somebody has followed it."""

from datetime import timedelta

from lib.domain import messages as message_states
from lib.domain.consent import Channel
from lib.domain.errors import PerennialError
from lib.domain.loose_fields import instant
from lib.domain.messages import State
from lib.domain.short_links import read_code
from lib.platform import clock, links, logs
from lib.store import directory, messages
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.transaction import Transaction

_SEEN = {Channel.SMS: "lastSmsClick", Channel.EMAIL: "lastEmailClick"}
_SAME = timedelta(minutes=1)


def follow_link(code: str, *, counts: bool) -> str | None:
    """The address that the message of this code holds, None for a code that is not ours or leads nowhere.

    `counts`: whether somebody follows it, which the message and its customer are told of, once a minute at most.
    Whoever follows a link is sent on even if that cannot be written.
    """
    keys = links.signing_keys()
    message_id = read_code(code, keys) if keys else None
    org = directory.org_of_message(message_id) if message_id else None
    message = messages.load(org, message_id) if org and message_id else None
    if org is None or message is None or not message.link_url.startswith("https://"):
        return None
    if counts:
        try:
            _count(org, message.id)
        except PerennialError as error:
            logs.task_refused("click", error)
    return message.link_url


def _count(org: OrgStore, message_id: str) -> None:
    now = clock.now()

    def work(transaction: Transaction) -> None:
        message = messages.get(transaction, org, message_id)
        customer = transaction.get([org.customer(message.customer_id)])[0]
        fields, name = customer.to_dict() or {}, _SEEN[message.channel]
        known = instant(fields.get(name))
        if known is not None and now - known < _SAME:
            return
        clicked = message_states.reported(message, State.CLICKED, now)
        if clicked != message:
            messages.save(transaction, org, clicked, now)
        if org.owns(fields):
            transaction.update(customer.reference, {name: now})

    transactions.run(work)
