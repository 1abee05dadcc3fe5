"""The words of messages, `tenants/{org}/message_templates/{id}`: written once, never changed, read once a process."""

from datetime import datetime
from functools import lru_cache

from lib.domain.consent import Channel
from lib.domain.errors import NotFound
from lib.domain.message_wording import EmailTemplate, SmsTemplate, Template, template_id
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.transaction import Transaction

_REMEMBERED = 64


def keep(org: OrgStore, template: Template, now: datetime) -> str:
    """The id of these words, which are there from then on. To be called before the transaction that queues messages
    with them; at most one read and one write."""
    found = template_id(org.org_id, template)
    try:
        _remembered(org, found)
    except NotFound:
        _write(org, found, template, now)
    return found


def load(org: OrgStore, template_id: str) -> Template:
    """The words of this id; a read if this process has not read them yet. Raises NotFound."""
    return _remembered(org, template_id)


@lru_cache(maxsize=_REMEMBERED)
def _read(client: object, org: OrgStore, template_id: str) -> Template:
    found = org.document("message_templates", template_id).get()
    if not found.exists:
        raise NotFound("no such template", reason="unknown_template")
    fields = found.to_dict() or {}
    if Channel(fields["channel"]) is Channel.SMS:
        return SmsTemplate(fields["body"], fields["imageUrl"])
    return EmailTemplate(fields["subject"], fields["body"], fields["htmlBody"])


def _remembered(org: OrgStore, template_id: str) -> Template:
    # Handles of one org are equal whatever database they are of; what is remembered must not be.
    return _read(org.client, org, template_id)


def _write(org: OrgStore, found: str, template: Template, now: datetime) -> None:
    fields = {"id": found, "channel": template.channel.value, "createdAt": now, **_encode(template)}

    def work(transaction: Transaction) -> None:
        transaction.replace(org.document("message_templates", found), org.stamped(fields))

    transactions.run(work)


def _encode(template: Template) -> dict[str, str]:
    if isinstance(template, SmsTemplate):
        return {"body": template.body, "imageUrl": template.image_url}
    return {"subject": template.subject, "body": template.body, "htmlBody": template.html}
