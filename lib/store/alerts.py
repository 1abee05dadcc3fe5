"""Which alerts have been raised, `tenants/{org}/alerts/{key}`: one document a kind, org and day, for thirty days."""

from datetime import datetime, timedelta

from lib.domain.alerts import Alert
from lib.store.org import SYSTEM, OrgStore
from lib.store.transaction import Transaction, run

_KEPT = timedelta(days=30)


def claim(alert: Alert, now: datetime) -> bool:
    """Whether nobody has raised this alert yet; from now on somebody has. One read, and one write if it is the first.

    `expiresAt` is the field of the collection's time-to-live policy in firestore.indexes.json.
    """

    def work(transaction: Transaction) -> bool:
        reference = OrgStore(alert.org_id or SYSTEM).document("alerts", alert.key)
        if transaction.get([reference])[0].exists:
            return False
        transaction.replace(
            reference,
            {
                "id": alert.key,
                "orgId": alert.org_id,
                "kind": alert.kind.value,
                "day": alert.day.isoformat(),
                "facts": dict(alert.figures),
                "raisedAt": now,
                "expiresAt": now + _KEPT,
            },
        )
        return True

    return run(work)
