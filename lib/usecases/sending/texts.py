"""Sends one text: waits for the account's turn, claims the message, hands it over once, writes down what came of it."""

from lib.domain.consent import Channel
from lib.domain.messages import State, is_abandoned
from lib.domain.messaging import MessagingSettings
from lib.platform import clock
from lib.store import messages, messaging
from lib.store.org import OrgStore
from lib.usecases.sending import accounts
from lib.usecases.sending.claiming import Claimed, Later, Rules, claim, settle
from lib.usecases.sending.tasks import again, put_off
from lib.vendors.errors import SwitchedOff, Unavailable
from lib.vendors.senders import Outcome, SendResult, SmsMessage, SmsSender

PATIENCE_SECONDS = 20.0
"""How long a worker waits for a turn before it leaves the message to a later task."""

LATE = "late"
"""Why a text was not handed over whose claim had run out before that."""


def send(org_id: str, message_id: str, delays: int) -> None:
    """Sends the text, if it is time and it may be sent. `delays`: how often it was put off for want of a turn.

    Safe to be called any number of times, also at once: a text is handed over at most once.
    """
    org = OrgStore(org_id)
    settings = messaging.load(org)
    try:
        account = accounts.texts(org_id, settings)
    except SwitchedOff as error:
        _give_up(org, settings, message_id, error)
        return
    if not _has_turn(org, settings, message_id, delays):
        return
    found = claim(Rules.of(org, Channel.SMS, settings), message_id)
    if isinstance(found, Later):
        again(found.message)
    elif found:
        again(settle(org, found, _handed_over(account, found)))


def _give_up(org: OrgStore, settings: MessagingSettings, message_id: str, error: SwitchedOff) -> None:
    """Writes down that nothing can be sent, and what is missing for it."""
    claim(Rules.of(org, Channel.SMS, settings, f"vendor_off:{error.reason}"), message_id)


def _has_turn(org: OrgStore, settings: MessagingSettings, message_id: str, delays: int) -> bool:
    """Whether the account has room for one more text now; if not, the message has been put off."""
    pace = accounts.pace(org.org_id, settings)
    try:
        pace.wait(0)
        return True
    except Unavailable:
        # Turns are scarce: a task that comes twice must not take one.
        message = messages.load(org, message_id)
        if message is None or message.state is not State.QUEUED:
            return False
    try:
        pace.wait(PATIENCE_SECONDS)
        return True
    except Unavailable as error:
        put_off(message, clock.now(), error.retry_after_seconds or 0.0, delays)
        return False


def _handed_over(account: SmsSender, found: Claimed) -> SendResult:
    if is_abandoned(found.message, clock.now()):
        # We slept on it, as an instance without requests does: what the claim has seen of consent is too old.
        return SendResult(Outcome.RETRY, reason=LATE)
    draft = found.draft
    return account.send(SmsMessage(draft.address, draft.body, draft.image_url or None))
