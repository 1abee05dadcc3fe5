"""Fills in a message for its reader as they are now: the customer's values, the occasion's, and links made for it."""

from collections.abc import Mapping

from lib.domain.composition import Closing, ComposedEmail, ComposedSms, compose_email, compose_sms
from lib.domain.consent import Channel, Purpose
from lib.domain.message_variables import Value, customer_values
from lib.domain.message_wording import SmsTemplate, Template
from lib.domain.messages import Draft, Message
from lib.domain.messaging import MessagingSettings
from lib.domain.short_links import make_code
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
    # What the occasion adds can be no value of the customer's own.
    values = {**message.variables, **customer_values(reader.facts, settings.shop_name or None)}
    made = compose(message, address, values, template, settings, keys)
    if isinstance(made, ComposedSms):
        image_url = template.image_url if isinstance(template, SmsTemplate) else ""
        return Draft(address, made.text, image_url=image_url)
    headers = mail_headers(message, address, settings, keys)
    return Draft(address, made.text, subject=made.subject, html=made.html, headers=headers)


def compose(
    message: Message,
    address: str,
    values: Mapping[str, Value],
    template: Template,
    settings: MessagingSettings,
    keys: SigningKeys | None,
) -> ComposedSms | ComposedEmail:
    """The message with these values and links of ours, for whoever sends or shows it. Raises InvalidInput, with the
    pointer of the template's field."""
    stop_url = _stop_url(message, address, keys)
    links_made = {"unsubscribeUrl": stop_url or None}
    if message.link_url and keys:
        links_made["link"] = links.click_url(make_code(message.id, keys))
    filled = {**values, **links_made}
    if isinstance(template, SmsTemplate):
        return compose_sms(template.body, filled, message.purpose, settings.wording)
    closing = None
    if message.purpose is Purpose.MARKETING:
        closing = Closing(stop_url, settings.email.postal_address, settings.age_line)
    return compose_email(template.subject, template.body, template.html or None, filled, closing)


def mail_headers(
    message: Message, address: str, settings: MessagingSettings, keys: SigningKeys | None
) -> Mapping[str, str]:
    """The one-click unsubscribe of advertising. A local stack has no https, which the header must have: none there."""
    stop_url = _stop_url(message, address, keys)
    if message.purpose is not Purpose.MARKETING or not stop_url.startswith("https://"):
        return {}
    return list_unsubscribe_headers(stop_url, settings.email.unsubscribe_mailbox or None)


def needs_keys(message: Message) -> bool:
    """Whether the message holds a link that has to be signed: advertising by e-mail, and what leads to a page."""
    is_mailing = message.channel is Channel.EMAIL and message.purpose is Purpose.MARKETING
    return is_mailing or bool(message.link_url)


def _stop_url(message: Message, address: str, keys: SigningKeys | None) -> str:
    return links.unsubscribe_url(make_token(message.org_id, message.channel, address, keys)) if keys else ""
