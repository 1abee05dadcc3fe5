"""Reading tills: every half hour the orders and customers of each Alleaves account, until all of it has been seen.

Nothing is recorded here: orders are written as the dashboard's own sync writes them, and `on_order_written` does the
rest. Billed where nothing is new: a read for every location with a till, and per pull 4 reads and 3 writes, whatever
the shop's size. Vendors' clients are loaded by the first call, since most instances serve other functions.
"""

QUEUE = "pulllocation"
WEBHOOK_QUEUE = "workwebhook"

__all__ = ["QUEUE", "WEBHOOK_QUEUE", "challenge", "plan_pulls", "pull", "receive", "work"]


def plan_pulls() -> int:
    """See `pulling.plan_pulls`."""
    from lib.usecases.pos import pulling

    return pulling.plan_pulls()


def pull(org_id: str, location_id: str) -> bool:
    """See `pulling.pull`."""
    from lib.usecases.pos import pulling

    return pulling.pull(org_id, location_id)


def challenge(text: str) -> str:
    """See `webhook.challenge`."""
    from lib.usecases.pos import webhook

    return webhook.challenge(text)


def receive(org_id: str, body: bytes, signature: str | None) -> str:
    """See `webhook.receive`."""
    from lib.usecases.pos import webhook

    return webhook.receive(org_id, body, signature)


def work(org_id: str, key: str) -> str | None:
    """See `webhook.work`."""
    from lib.usecases.pos import webhook

    return webhook.work(org_id, key)
