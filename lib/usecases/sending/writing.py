"""Fills in a message for its reader as they are now: the customer's values, the occasion's, and links made for it."""

from collections.abc import Mapping

from lib.domain.composition import Closing, compose_email, compose_sms
from lib.domain.consent import Channel, Purpose
from lib.domain.message_variables import customer_values
from lib.domain.message_wording import SmsTemplate, Template
from lib.domain.messages import Draft, Message
from lib.domain.messaging import MessagingSettings
from lib.domain.short_links import make_code
from lib.domain.templates import Value
from lib.domain.unsubscribe import SigningKeys, list_unsubscribe_headers, make_token
from lib.platform import links
from lib.store.readers import Reader


def write(
    message: Message, reader: Reader, template: Template, settings: MessagingSettings, keys: SigningKeys | None
) -> Draft:
    """The message as it goes out. Raises InvalidInput, reason what is wrong, if there is no text for this reader.

    `keys` sign links; without them there are none, so marketing must not be written (see `needs_keys`).
    """
    address = reader.recipient.address or ""
    stop_url = links.unsubscribe_url(make_token(message.org_id, message.channel, address, keys)) if keys else ""
    values = _values(message, reader, settings, keys, stop_url)
    if isinstance(template, SmsTemplate):
        text = compose_sms(template.body, values, message.purpose, settings.wording)
        return Draft(address, text.text, image_url=template.image_url)
    closing = None
    if message.purpose is Purpose.MARKETING:
        closing = Closing(stop_url, settings.email.postal_address, settings.age_line)
    mail = compose_email(template.subject, template.body, template.html or None, values, closing)
    headers = _headers(stop_url, settings) if closing else {}
    return Draft(address, mail.text, subject=mail.subject, html=mail.html, headers=headers)


def needs_keys(message: Message) -> bool:
    """Whether the message holds a link that has to be signed: advertising by e-mail, and what leads to a page."""
    is_mailing = message.channel is Channel.EMAIL and message.purpose is Purpose.MARKETING
    return is_mailing or bool(message.link_url)


def _values(
    message: Message, reader: Reader, settings: MessagingSettings, keys: SigningKeys | None, stop_url: str
) -> dict[str, Value]:
    made = {"unsubscribeUrl": stop_url or None}
    if message.link_url and keys:
        made["link"] = links.click_url(make_code(message.id, keys))
    # What the occasion adds can be neither a customer's own value nor a link of ours.
    known = customer_values(reader.facts, settings.shop_name or None)
    return {**message.variables, **known, **made}


def _headers(stop_url: str, settings: MessagingSettings) -> Mapping[str, str]:
    """The one-click unsubscribe. A local stack has no https, which the header must have: none there."""
    if not stop_url.startswith("https://"):
        return {}
    return list_unsubscribe_headers(stop_url, settings.email.unsubscribe_mailbox or None)
