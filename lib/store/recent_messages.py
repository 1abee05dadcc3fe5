"""What an address was sent lately, `tenants/{org}/recent_messages/{channel:hash}`, under the id of its consent log.

A document goes when no cap remembers anything in it (time-to-live on `expiresAt`); an address that is written to again
has another one.
"""

from google.cloud.firestore import DocumentReference

from lib.domain.consent import Channel, consent_id
from lib.domain.recent_messages import RecentMessages, Sending
from lib.store.org import OrgStore
from lib.store.transaction import Transaction


def read(transaction: Transaction, org: OrgStore, channel: Channel, address: str) -> RecentMessages:
    """What this address was sent. One read."""
    fields = transaction.get([_reference(org, channel, address)])[0].to_dict() or {}
    sendings = fields.get("messages", {})
    return RecentMessages({found: Sending(each["at"], each["cause"]) for found, each in sendings.items()})


def write(transaction: Transaction, org: OrgStore, channel: Channel, address: str, recent: RecentMessages) -> None:
    """Writes it whole; one write, or a deletion where nothing is left."""
    if recent.until is None:
        transaction.delete(_reference(org, channel, address))
        return
    messages = {found: {"at": each.at, "cause": each.cause} for found, each in recent.sendings.items()}
    fields = {"messages": messages, "expiresAt": recent.until}
    transaction.replace(_reference(org, channel, address), org.stamped(fields))


def _reference(org: OrgStore, channel: Channel, address: str) -> DocumentReference:
    return org.document("recent_messages", consent_id(org.org_id, channel, address))
