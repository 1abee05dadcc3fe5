"""Names every deployed function; no logic."""

from functions.audit import auditorg, nightly_audit
from functions.automations import hear_notices, on_customer_written, start_automations
from functions.campaign_results import campaign_results, follow_campaigns
from functions.campaigns import (
    cancel_campaign,
    create_campaign,
    pause_campaign,
    preview_campaign,
    resume_campaign,
    schedule_campaign,
    send_campaign,
    send_campaigns,
)
from functions.consents import get_consent, set_consent, unsubscribe
from functions.cron import cron
from functions.customers import sync_customer
from functions.inbox import replay_inbox
from functions.menu import public_menu
from functions.message_events import blackleaf_webhook, click, mailjet_webhook, sweep_events, workevent
from functions.messages import preview_message, sendemail, sendsms, sweep_messages, update_messaging_settings
from functions.migration import preview_migration, start_migration
from functions.orders import on_order_written, sweep_orders
from functions.points import adjust_points, check_points, get_ledger
from functions.pos import alleaves_webhook, pull_pos, pulllocation, workwebhook
from functions.pushes import pushalpine, sweep_pushes
from functions.reconciliation import (
    list_discrepancies,
    loyalty_sync,
    nightly_sync,
    resolve_discrepancy,
    sync_loyalty,
)
from functions.redemptions import (
    capture_redemption,
    hold_redemption,
    quote_redemption,
    reinstate_redemption,
    void_redemption,
)
from functions.rerating import confirm_rerating, preview_rerating
from functions.runs import cancel_run, planrun, resume_run, sweep_runs, workshard
from functions.settings import (
    on_legacy_settings_written,
    on_loyalty_settings_written,
    pause_loyalty,
    recalculate_customers,
    reset_loyalty_settings,
    update_loyalty_settings,
)
from functions.time import age_customers, end_holds

__all__ = [
    "adjust_points",
    "age_customers",
    "alleaves_webhook",
    "auditorg",
    "blackleaf_webhook",
    "campaign_results",
    "cancel_campaign",
    "cancel_run",
    "capture_redemption",
    "check_points",
    "click",
    "confirm_rerating",
    "create_campaign",
    "cron",
    "end_holds",
    "follow_campaigns",
    "get_consent",
    "get_ledger",
    "hear_notices",
    "hold_redemption",
    "list_discrepancies",
    "loyalty_sync",
    "mailjet_webhook",
    "nightly_audit",
    "nightly_sync",
    "on_customer_written",
    "on_legacy_settings_written",
    "on_loyalty_settings_written",
    "on_order_written",
    "pause_campaign",
    "pause_loyalty",
    "planrun",
    "preview_campaign",
    "preview_message",
    "preview_migration",
    "preview_rerating",
    "public_menu",
    "pull_pos",
    "pulllocation",
    "pushalpine",
    "quote_redemption",
    "recalculate_customers",
    "reinstate_redemption",
    "replay_inbox",
    "reset_loyalty_settings",
    "resolve_discrepancy",
    "resume_campaign",
    "resume_run",
    "schedule_campaign",
    "send_campaign",
    "send_campaigns",
    "sendemail",
    "sendsms",
    "set_consent",
    "start_automations",
    "start_migration",
    "sweep_events",
    "sweep_messages",
    "sweep_orders",
    "sweep_pushes",
    "sweep_runs",
    "sync_customer",
    "sync_loyalty",
    "unsubscribe",
    "update_loyalty_settings",
    "update_messaging_settings",
    "void_redemption",
    "workevent",
    "workshard",
    "workwebhook",
]
