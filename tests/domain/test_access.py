"""Who may do what: the whole table role by role, orgs from claims, and the ways around that must not exist."""

from typing import Any

import pytest

from lib.domain.access import (
    ALLOWED,
    ORG_CLAIMS,
    Action,
    Caller,
    Reach,
    Role,
    authorise,
    caller_from_claims,
)
from lib.domain.errors import PermissionDenied, Unauthenticated

AT_THE_TILL = {
    Action.CHECK_POINTS,
    Action.GET_LEDGER,
    Action.QUOTE_REDEMPTION,
    Action.HOLD_REDEMPTION,
    Action.CAPTURE_REDEMPTION,
    Action.VOID_REDEMPTION,
    Action.SET_CONSENT,
    Action.GET_CONSENT,
}
OF_STAFF = AT_THE_TILL | {
    Action.REINSTATE_REDEMPTION,
    Action.SYNC_CUSTOMER,
    Action.LIST_DISCREPANCIES,
    Action.PREVIEW_MESSAGE,
}
EVERYTHING = set(Action)

# Written out here a second time, role by role: a change of the product's table must be meant.
EXPECTED = {
    "super_user": EVERYTHING,
    "super_admin": EVERYTHING,
    "owner": EVERYTHING,
    "brand_admin": EVERYTHING,
    "brand": EVERYTHING,
    "dispensary_admin": EVERYTHING,
    "dispensary": EVERYTHING,
    "brand_member": OF_STAFF,
    "dispensary_staff": OF_STAFF,
    "budtender": AT_THE_TILL,
    "customer": set(),
    "intern": set(),
    "grower": set(),
    "delivery_driver": set(),
    "admin": set(),
    "executive": set(),
    "superuser": set(),
    "SUPER_USER": set(),
    "": set(),
    ("owner",): set(),
}


def allowed(caller: Caller, org_id: str, action: Action) -> bool:
    """Whether the caller may do it to any customer of the org."""
    try:
        return authorise(caller, org_id, action) is Reach.WHOLE_ORG
    except PermissionDenied:
        return False


@pytest.mark.parametrize("role", EXPECTED)
def test_roles_in_their_own_org(role: Any) -> None:
    caller = caller_from_claims({"uid": "u1", "role": role, "orgId": "org_a"})

    assert {action for action in Action if allowed(caller, "org_a", action)} == EXPECTED[role]


@pytest.mark.parametrize("role", EXPECTED)
def test_only_the_two_super_roles_cross_orgs(role: Any) -> None:
    caller = caller_from_claims({"uid": "u1", "role": role, "orgId": "org_a"})

    everywhere = {action for action in Action if allowed(caller, "org_b", action)}
    assert everywhere == (EVERYTHING if role in ("super_user", "super_admin") else set())
    assert caller.is_super == (role in ("super_user", "super_admin"))


def test_every_action_is_in_the_table() -> None:
    assert set(ALLOWED) == set(Action)
    assert all(Role.CUSTOMER not in roles for roles in ALLOWED.values())


@pytest.mark.parametrize("claim", ORG_CLAIMS)
def test_any_org_claim_makes_a_member(claim: str) -> None:
    caller = caller_from_claims({"uid": "u1", "role": "budtender", claim: "org_a"})

    assert caller.orgs == {"org_a"}
    assert authorise(caller, "org_a", Action.CHECK_POINTS) is Reach.WHOLE_ORG


def test_claims_may_name_several_orgs() -> None:
    caller = caller_from_claims(
        {"uid": "u1", "role": "owner", "orgId": "a", "currentOrgId": "b", "organizationId": "c"}
    )

    assert caller.orgs == {"a", "b"}


@pytest.mark.parametrize("org", [None, "", 5, ["org_a"], {"org_a": True}, "org/a", "..", "x" * 129, "__a__", "\ud800"])
def test_a_claim_that_is_no_org_id_gives_nothing(org: Any) -> None:
    assert caller_from_claims({"uid": "u1", "role": "owner", "orgId": org}).orgs == frozenset()


@pytest.mark.parametrize("alias", ["a", "brand_a", "org_org_a", "ORG_A", "org_a "])
def test_other_spellings_are_other_orgs(alias: str) -> None:
    caller = caller_from_claims({"uid": "u1", "role": "owner", "orgId": "org_a"})

    with pytest.raises(PermissionDenied) as refusal:
        authorise(caller, alias, Action.CHECK_POINTS)

    assert refusal.value.reason == "other_org"


def test_a_shopper_reaches_only_itself() -> None:
    shopper = caller_from_claims({"sub": "u1"})

    assert shopper == Caller("u1", Role.CUSTOMER)
    for action in Action:
        if action in (Action.CHECK_POINTS, Action.GET_LEDGER):
            assert authorise(shopper, "any_org", action) is Reach.OWN_CUSTOMER
        else:
            with pytest.raises(PermissionDenied):
                authorise(shopper, "any_org", action)


def test_a_shopper_with_an_org_claim_is_still_a_shopper() -> None:
    shopper = caller_from_claims({"uid": "u1", "role": "customer", "orgId": "org_a"})

    assert authorise(shopper, "org_a", Action.GET_LEDGER) is Reach.OWN_CUSTOMER
    with pytest.raises(PermissionDenied) as refusal:
        authorise(shopper, "org_a", Action.HOLD_REDEMPTION)
    assert refusal.value.reason == "role"


@pytest.mark.parametrize("status", ["pending", "rejected"])
@pytest.mark.parametrize("role", ["super_user", "owner", "customer"])
def test_who_is_not_approved_may_do_nothing(role: str, status: str) -> None:
    caller = caller_from_claims({"uid": "u1", "role": role, "orgId": "org_a", "approvalStatus": status})

    for action in Action:
        with pytest.raises(PermissionDenied) as refusal:
            authorise(caller, "org_a", action)
        assert refusal.value.reason == "not_approved"


@pytest.mark.parametrize("status", [None, "approved", "active"])
def test_any_other_approval_status_does_not_block(status: str | None) -> None:
    assert not caller_from_claims({"uid": "u1", "approvalStatus": status}).blocked


@pytest.mark.parametrize("claims", [{}, {"uid": ""}, {"uid": 5}, {"uid": None, "sub": ""}])
def test_a_token_without_a_user_is_none(claims: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        caller_from_claims(claims)
