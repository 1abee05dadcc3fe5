"""What a message would say, before anybody keeps or sends it: by the very functions that write it, with all problems.

Its links look and count like genuine ones and lead nowhere: whoever sees a preview must not hold somebody's key to
subscribing again (lib/domain/consent.py).
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lib.domain import answers, templates
from lib.domain.answers import Answer
from lib.domain.composition import ComposedSms
from lib.domain.consent import Channel
from lib.domain.errors import InvalidInput, NotFound
from lib.domain.frequency import MessageType
from lib.domain.message_variables import (
    CustomerFacts,
    Value,
    customer_values,
    made_up_values,
    occasion_variables,
)
from lib.domain.message_wording import EmailTemplate, SmsTemplate, Template
from lib.domain.messages import Cause, Draft, Message
from lib.domain.messaging import MessagingSettings
from lib.domain.sms_lint import Finding
from lib.domain.unsubscribe import SigningKeys
from lib.platform import clock, links
from lib.store import messaging, readers
from lib.store import settings as loyalty
from lib.store.org import OrgStore
from lib.usecases.sending.writing import compose, mail_headers

_NOBODY = {Channel.SMS: "+12125550100", Channel.EMAIL: "reader@example.com"}
_NO_SECRET = b"signs the links of previews, which nobody reads"


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is to be shown: words of one type for a text, an e-mail or both, and for whom.

    `customer_id`: whose values are filled in, None for nobody's. `values` go before theirs. `link_url`: where the
    variable `link` would lead, "" for nowhere.
    """

    kind: MessageType
    sms: SmsTemplate | None
    email: EmailTemplate | None
    customer_id: str | None = None
    values: Mapping[str, object] = field(default_factory=dict, repr=False)
    link_url: str = ""


def preview(org_id: str, sketch: Sketch) -> Answer:
    """Each channel's message as it would be sent by the settings in force, or null and what is wrong with its words.

    `problems` name the field (`/email/subject`) and, in a template, line and column. Writes nothing; one read for a
    customer, two for the settings if this process has none. Raises NotFound for no such customer, InvalidInput with
    the pointer of a value that cannot be one.
    """
    org, now = OrgStore(org_id), clock.now()
    settings = messaging.load(org)
    values, addresses = _reader(org, sketch, settings, now)
    shown: dict[str, Answer | None] = {Channel.SMS.value: None, Channel.EMAIL.value: None}
    problems: list[Answer] = []
    for template in (sketch.sms, sketch.email):
        if template is None:
            continue
        found = _problems(template, sketch.kind)
        message = _message(org_id, sketch, template.channel, now)
        try:
            if not found:
                address = addresses[template.channel]
                shown[template.channel.value] = _shown(message, address, values, template, settings)
        except InvalidInput as error:
            found = [_problem(template, error.pointer, error.reason, error.message)]
        problems += found
    told = {"purpose": sketch.kind.purpose.value, **shown, "problems": problems}
    return answers.refusal("invalid_template", **told) if problems else {"ok": True, **told}


def _reader(
    org: OrgStore, sketch: Sketch, settings: MessagingSettings, now: datetime
) -> tuple[dict[str, Value], dict[Channel, str]]:
    """What is filled in, and the addresses it would go to."""
    made_up = made_up_values(sketch.values, sketch.kind)
    facts, addresses = CustomerFacts(), dict(_NOBODY)
    if sketch.customer_id is not None:
        snapshot, country = org.customer(sketch.customer_id).get(), loyalty.load(org).country
        for channel in Channel:
            reader = readers.decode(org, snapshot, channel, country, now)
            if reader is None:
                raise NotFound("no such customer", reason="unknown_customer")
            facts = reader.facts
            addresses[channel] = reader.recipient.address or addresses[channel]
    return {**customer_values(facts, settings.shop_name or None), **made_up}, addresses


def _message(org_id: str, sketch: Sketch, channel: Channel, now: datetime) -> Message:
    return Message(
        org_id=org_id,
        customer_id=sketch.customer_id or "",
        channel=channel,
        cause=Cause("preview", ""),
        kind=sketch.kind,
        template_id="",
        created_at=now,
        send_after=now,
        good_until=now,
        link_url=sketch.link_url,
    )


def _shown(
    message: Message, address: str, values: Mapping[str, Value], template: Template, settings: MessagingSettings
) -> Answer:
    keys = _worthless_keys()
    made = compose(message, address, values, template, settings, keys)
    if isinstance(made, ComposedSms):
        return _text(made, template.image_url if isinstance(template, SmsTemplate) else "")
    return {
        "from": {"email": settings.email.from_email, "name": settings.email.from_name},
        "subject": made.subject,
        "html": made.html,
        "text": made.text,
        "preview": Draft(address, made.text).preview,
        "headers": dict(mail_headers(message, address, settings, keys)),
        "missing": list(made.missing),
    }


def _text(made: ComposedSms, image_url: str) -> Answer:
    return {
        "text": made.text,
        "closing": made.closing,
        "imageUrl": image_url,
        "encoding": made.size.encoding.value,
        "units": made.size.units,
        "segments": made.size.segments,
        "costly": [
            {"character": sign, "codePoint": f"U+{ord(sign):04X}", "name": unicodedata.name(sign, "")}
            for sign in made.size.costly
        ],
        "findings": [_finding(made.text, finding) for finding in made.findings],
        "missing": list(made.missing),
    }


def _finding(text: str, finding: Finding) -> Answer:
    """`text.slice(start, end)` is what was found: counted in UTF-16 units, as JavaScript does."""
    start, end = (len(text[:index].encode("utf-16-le")) // 2 for index in (finding.start, finding.end))
    return {
        "category": finding.category.value,
        "severity": finding.severity.value,
        "start": start,
        "end": end,
        "found": finding.found,
    }


def _problems(template: Template, kind: MessageType) -> list[Answer]:
    extra = occasion_variables(kind)
    return [
        _problem(template, f"/{name}", problem.reason, problem.message, problem.line, problem.column)
        for name, part, source in template.parts
        for problem in templates.problems(source, part, extra)
    ]


def _problem(
    template: Template,
    pointer: str,
    reason: str | None,
    message: str,
    line: int | None = None,
    column: int | None = None,
) -> Answer:
    place = {"line": line, "column": column}
    return {"pointer": f"/{template.channel}{pointer}", "reason": reason, "message": message, **place}


def _worthless_keys() -> SigningKeys:
    """Of the current key's name, so that links are as long as those that will be sent."""
    genuine = links.signing_keys()
    name = genuine.current if genuine else "preview"
    return SigningKeys({name: _NO_SECRET}, name)
