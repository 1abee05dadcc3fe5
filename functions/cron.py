"""The addresses of the jobs of old, which are called with a shared secret by whoever kept the time before."""

from functions import edge
from functions.audit import nightly_audit
from functions.automations import hear_notices, start_automations
from functions.campaign_results import follow_campaigns
from functions.campaigns import send_campaigns
from functions.message_events import sweep_events
from functions.messages import sweep_messages
from functions.orders import sweep_orders
from functions.pos import pull_pos
from functions.pushes import sweep_pushes
from functions.reconciliation import nightly_sync
from functions.runs import sweep_runs
from functions.time import age_customers, end_holds

# The one file of functions/ that knows others: every schedule that main.py names can be called the old way too.
_SCHEDULES: tuple[edge.Schedule, ...] = (
    age_customers,
    end_holds,
    follow_campaigns,
    hear_notices,
    nightly_audit,
    nightly_sync,
    pull_pos,
    send_campaigns,
    start_automations,
    sweep_events,
    sweep_messages,
    sweep_orders,
    sweep_pushes,
    sweep_runs,
)


@edge.on_cron
def cron(schedule: str) -> edge.Schedule | None:
    """`GET` or `POST /cron/{schedule}` with `Authorization: Bearer {CRON_SECRET}` runs that schedule now."""
    return next((it for it in _SCHEDULES if it.__name__ == schedule), None)
