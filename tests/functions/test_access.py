"""Every callable against every role, its own org and another's: a table written down a second time, by hand."""

import pytest
from google.cloud.firestore import Client

import main
from emulator.client import CallFailed, StackClient
from tests.functions.conftest import Counter

SUPER = {"super_user", "super_admin"}
ADMINS = SUPER | {"owner", "brand_admin", "brand", "dispensary_admin", "dispensary"}
STAFF = ADMINS | {"brand_member", "dispensary_staff"}
TILL = STAFF | {"budtender"}
NOBODY = {"intern", "grower", "delivery_driver", "admin", "executive", "superuser", "Owner", ""}
EVERY_ROLE = TILL | NOBODY | {"customer"}

ALLOWED = {
    "check_points": TILL | {"customer"},
    "get_ledger": TILL | {"customer"},
    "quote_redemption": TILL,
    "hold_redemption": TILL,
    "capture_redemption": TILL,
    "void_redemption": TILL,
    "set_consent": TILL,
    "get_consent": TILL,
    "reinstate_redemption": STAFF,
    "sync_customer": STAFF,
    "adjust_points": ADMINS,
    "replay_inbox": ADMINS,
    "update_loyalty_settings": ADMINS,
    "reset_loyalty_settings": ADMINS,
    "pause_loyalty": ADMINS,
    "create_campaign": ADMINS,
    "preview_campaign": ADMINS,
    "schedule_campaign": ADMINS,
    "send_campaign": ADMINS,
    "pause_campaign": ADMINS,
    "resume_campaign": ADMINS,
    "cancel_campaign": ADMINS,
    "campaign_results": ADMINS,
    "cancel_run": ADMINS,
    "resume_run": ADMINS,
    "preview_migration": ADMINS,
    "start_migration": ADMINS,
    "recalculate_customers": ADMINS,
    "preview_rerating": ADMINS,
    "confirm_rerating": ADMINS,
    "sync_loyalty": ADMINS,
    "list_discrepancies": STAFF,
    "resolve_discrepancy": ADMINS,
    "update_messaging_settings": ADMINS,
    "preview_message": STAFF,
}
# What a shopper may ask about itself in any org.
OWN = {"check_points", "get_ledger"}


def refusal(stack: StackClient, name: str, org_id: str, token: str | None) -> tuple[str, str | None]:
    """Status and reason of a call that says nothing but the org; whoever is let in hears what else is required."""
    try:
        stack.call(name, {"orgId": org_id}, token=token)
    except CallFailed as error:
        return error.status, (error.details or {}).get("reason")
    return "OK", None


def test_the_table_is_complete() -> None:
    endpoints = {name: getattr(main, name).__firebase_endpoint__ for name in main.__all__}
    assert {name for name, endpoint in endpoints.items() if endpoint.callableTrigger is not None} == set(ALLOWED)


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_who_may_call(counter: Counter, name: str) -> None:
    let_in = set()
    for role in EVERY_ROLE:
        status, reason = refusal(counter.stack, name, counter.org_id, counter.stack.token(counter.org_id, role))
        if status == "PERMISSION_DENIED":
            assert reason == "role"
        else:
            assert status in ("INVALID_ARGUMENT", "OK")
            let_in.add(role)
    assert let_in == ALLOWED[name]


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_who_may_call_about_another_org(counter: Counter, name: str) -> None:
    let_in = set()
    for role in EVERY_ROLE:
        status, reason = refusal(counter.stack, name, "org_of_others", counter.stack.token(counter.org_id, role))
        if status == "PERMISSION_DENIED":
            assert reason == "other_org"
        else:
            let_in.add(role)
    assert let_in == SUPER | ({"customer"} if name in OWN else set())


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_nobody_without_a_token(counter: Counter, name: str) -> None:
    assert refusal(counter.stack, name, counter.org_id, None)[0] == "UNAUTHENTICATED"
    assert refusal(counter.stack, name, counter.org_id, "x.y.z")[0] == "UNAUTHENTICATED"


@pytest.mark.parametrize("status", ["pending", "rejected"])
def test_nobody_who_is_not_approved(counter: Counter, status: str) -> None:
    token = counter.stack.token(counter.org_id, "owner", approvalStatus=status)
    assert refusal(counter.stack, "check_points", counter.org_id, token) == ("PERMISSION_DENIED", "not_approved")


def test_a_user_document_gives_no_rights(counter: Counter, firestore: Client) -> None:
    firestore.document("users/climber").set({"role": "super_user", "orgId": counter.org_id})
    token = counter.stack.token("org_of_others", "customer", "climber")
    assert refusal(counter.stack, "pause_loyalty", counter.org_id, token)[0] == "PERMISSION_DENIED"


class TestShopper:
    def test_sees_itself_whatever_it_asks_for(self, counter: Counter) -> None:
        counter.customer("shopper", 7)
        rich = counter.customer("rich", 1000)
        token = counter.stack.token("nowhere", "customer", "shopper")
        for asked in ({}, {"customerId": rich}):
            answer = counter.stack.call("check_points", {"orgId": counter.org_id, **asked}, token=token)
            assert answer["points"] == 7

    def test_is_not_told_which_member_of_staff_acted(self, counter: Counter) -> None:
        shopper = counter.customer("shopper", 7)
        counter.write("adjust_points", customerId=shopper, points=5, reason="sorry for the wait")
        token = counter.stack.token("nowhere", "customer", "shopper")
        answer = counter.stack.call("get_ledger", {"orgId": counter.org_id}, token=token)
        assert [entry["actor"] for entry in answer["entries"]] == [{"type": "staff"}, {"type": "system"}]
        mine = counter.call("get_ledger", customerId=shopper)
        assert mine["entries"][0]["actor"] == {"type": "staff", "id": "cashier"}
