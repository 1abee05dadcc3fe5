"""An org's accounts at the vendors, ready to send: made from its settings and secrets, and their pace."""

import threading
from typing import Final

from lib.domain.consent import Channel
from lib.domain.messaging import MessagingSettings
from lib.platform import secrets
from lib.vendors.blackleaf.client import Blackleaf
from lib.vendors.blackleaf.config import VENDOR as BLACKLEAF
from lib.vendors.blackleaf.config import BlackleafConfig
from lib.vendors.http import Budget
from lib.vendors.limiter import Limiter, Rate
from lib.vendors.mailjet.client import Mailjet
from lib.vendors.mailjet.config import MailjetConfig
from lib.vendors.senders import EmailSender, SmsSender

# Another vendor is named here, and is a folder of lib/vendors.
PROVIDERS: Final = {Channel.SMS: "blackleaf", Channel.EMAIL: "mailjet"}
"""Who carries each channel (`customer_communications.provider`)."""

# Short, because consent was looked at before: what takes longer is tried again later, after another look.
_TEXT: Final = Budget("send", read_seconds=15, total_seconds=20, tries=2)
_EMAIL: Final = Budget("send", read_seconds=30, total_seconds=45, tries=2)
_MINUTE_SECONDS = 60.0

_lock = threading.Lock()
_paces: dict[tuple[str, int], Limiter] = {}


def texts(org_id: str, settings: MessagingSettings) -> SmsSender:
    """The org's account for texts. Raises SwitchedOff, whose reason names what is missing."""
    key, url = secrets.blackleaf_key(org_id), secrets.blackleaf_base_url()
    config = BlackleafConfig.from_document({"apiKey": key, "api": settings.sms.api, "baseUrl": url})
    return Blackleaf(config, budget=_TEXT, rate=_rate(settings))


def emails(org_id: str, settings: MessagingSettings) -> EmailSender:
    """The org's account for e-mails. Raises SwitchedOff, whose reason names what is missing."""
    key, secret = secrets.mailjet_keys(org_id) or (None, None)
    sender = {"fromEmail": settings.email.from_email, "fromName": settings.email.from_name}
    document = {"apiKey": key, "secretKey": secret, "baseUrl": secrets.mailjet_base_url(), **sender}
    return Mailjet(MailjetConfig.from_document(document), budget=_EMAIL)


def pace(org_id: str, settings: MessagingSettings) -> Limiter:
    """The turns of the org's texts in this process, as many as its account may send.

    Waited for before a message is claimed: the vendor's own limit is the same, but a message that waited there would
    go out after a longer time without a look at its reader's consent.
    """
    with _lock:
        key = (org_id, settings.sms.per_minute)
        return _paces.setdefault(key, Limiter(BLACKLEAF, _rate(settings)))


def _rate(settings: MessagingSettings) -> Rate:
    return Rate(settings.sms.per_minute, _MINUTE_SECONDS)
