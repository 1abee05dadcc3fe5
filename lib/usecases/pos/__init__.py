"""Reading tills: every half hour the orders and customers of each Alleaves account, until all of it has been seen.

Nothing is recorded here: orders are written as the dashboard's own sync writes them, and `on_order_written` does the
rest. Billed where nothing is new: a read for every location with a till, and per pull 4 reads and 3 writes, whatever
the shop's size.
"""

from lib.usecases.pos.pulling import QUEUE, plan_pulls, pull
from lib.usecases.pos.webhook import WEBHOOK_QUEUE, challenge, receive, work

__all__ = ["QUEUE", "WEBHOOK_QUEUE", "challenge", "plan_pulls", "pull", "receive", "work"]
