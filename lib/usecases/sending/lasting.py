"""Whether what an automation has queued a message about is so still when it is about to go.

Quiet hours and caps can keep a message for days. Meanwhile its reader may have come back, lost the tier or spent the
points, and the org may have switched the automation off.
"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from lib.domain import expiry
from lib.domain.automations import is_still_so
from lib.domain.dates import local_day
from lib.domain.frequency import MessageType
from lib.domain.loose_fields import instant, text
from lib.domain.messages import Message
from lib.domain.messaging import AUTOMATIONS, MessagingSettings
from lib.domain.notices import Notice, NoticeKind
from lib.domain.sending import Reason
from lib.domain.settings import LoyaltySettings
from lib.store import customers, notices
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction

_NOTICE = "notice"


def looked_at(
    transaction: Transaction,
    org: OrgStore,
    message: Message,
    reader: Snapshot,
    settings: MessagingSettings,
    loyalty: LoyaltySettings,
) -> tuple[Message, str]:
    """The message with what its occasion says by now, and why it is over, "" if it is not.

    `reader` is the customer's document. One read for a message that comes from a notice, none for others.
    """
    if message.kind not in AUTOMATIONS or message.cause.type not in (_NOTICE, message.kind.value):
        return message, ""
    if settings.automation(message.kind) is None:
        return message, Reason.AUTOMATION_OFF
    if message.kind is MessageType.WINBACK:
        return message, _unless(_is_absent(message, reader.to_dict() or {}, loyalty.time_zone))
    notice = notices.find(transaction, org, message.cause.id) if message.cause.type == _NOTICE else None
    return (message, "") if notice is None else _of_notice(org, message, notice, reader, loyalty)


def _of_notice(
    org: OrgStore, message: Message, notice: Notice, reader: Snapshot, loyalty: LoyaltySettings
) -> tuple[Message, str]:
    fields = reader.to_dict() or {}
    if not is_still_so(notice, text(fields.get("tier")), text(fields.get("segment"))):
        return message, Reason.NO_LONGER_SO
    customer = customers.decode(org, reader) if notice.kind is NoticeKind.POINTS_EXPIRING else None
    if customer is None or not customer.opened:
        return message, ""
    left = expiry.expiring_at(customer.account, loyalty, notice.facts["expiresAt"])
    return replace(message, variables={**message.variables, "expiringPoints": left}), _unless(left > 0)


def _is_absent(message: Message, fields: dict[str, Any], time_zone: str) -> bool:
    """Whether the last order is the one since which the customer was missed; a shop that moves shifts it by a day."""
    last_order_at = instant(fields.get("lastOrderDate"))
    missed_since = date.fromisoformat(message.cause.id) + timedelta(days=1)
    return last_order_at is None or local_day(last_order_at, time_zone) <= missed_since


def _unless(is_so: bool) -> str:
    return "" if is_so else Reason.NO_LONGER_SO
