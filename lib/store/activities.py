"""Rows of customers' timelines: `customer_activities/{id}`, read by the dashboard, written once."""

from lib.domain.activities import Activity
from lib.store.org import OrgStore
from lib.store.transaction import Transaction


def add(transaction: Transaction, org: OrgStore, activity: Activity) -> None:
    """Writes a row. Its id derives from what it tells: telling it again rewrites the same document."""
    fields = {
        "id": activity.id,
        "customerId": activity.customer_id,
        "type": activity.kind.value,
        "description": activity.description,
        "metadata": dict(activity.metadata),
        "createdAt": activity.created_at,
    }
    transaction.replace(org.activity(activity.id), org.stamped(fields))
