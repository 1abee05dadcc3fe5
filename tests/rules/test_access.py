"""The rules and lib/domain/access.py give the same people the same rights, whatever their tokens say."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lib.domain.access import ALLOWED, ORG_CLAIMS, OWN_ACTIONS, Action, Reach, authorise, caller_from_claims
from lib.domain.errors import PermissionDenied
from tests.rules.asking import ask, query_of
from tests.rules.shop import Person

# What a client does directly where a callable does the same: operation, path about Kim, path about somebody else.
DIRECTLY: dict[Action, tuple[str, str, str]] = {
    Action.CHECK_POINTS: ("get", "customers/green_kim", "customers/green_lee"),
    Action.GET_LEDGER: ("list", "customers/green_kim/ledger/1", "customers/green_lee/ledger/1"),
    Action.REPLAY_INBOX: ("get", "tenants/green/inbox/order:x", "tenants/green/inbox/order:x"),
    Action.UPDATE_LOYALTY_SETTINGS: ("update", "tenants/green/settings/loyalty", "tenants/green/settings/loyalty"),
    Action.LIST_DISCREPANCIES: (
        "list",
        "tenants/green/discrepancies/green_kim",
        "tenants/green/discrepancies/green_kim",
    ),
}
# These make or move value, or are recorded as somebody's decision: the server does them, for nobody a client.
ON_THE_SERVER = {
    Action.QUOTE_REDEMPTION,
    Action.HOLD_REDEMPTION,
    Action.CAPTURE_REDEMPTION,
    Action.VOID_REDEMPTION,
    Action.REINSTATE_REDEMPTION,
    Action.ADJUST_POINTS,
    Action.SYNC_CUSTOMER,
    Action.RESET_LOYALTY_SETTINGS,
    Action.PAUSE_LOYALTY,
    Action.CREATE_CAMPAIGN,
    Action.PREVIEW_CAMPAIGN,
    Action.SCHEDULE_CAMPAIGN,
    Action.SEND_CAMPAIGN,
    Action.PAUSE_CAMPAIGN,
    Action.RESUME_CAMPAIGN,
    Action.CANCEL_CAMPAIGN,
    Action.CAMPAIGN_RESULTS,
    Action.CANCEL_RUN,
    Action.RESUME_RUN,
    Action.PREVIEW_MIGRATION,
    Action.START_MIGRATION,
    Action.RECALCULATE_CUSTOMERS,
    Action.PREVIEW_RERATING,
    Action.CONFIRM_RERATING,
    Action.SYNC_LOYALTY,
    Action.RESOLVE_DISCREPANCY,
    Action.UPDATE_MESSAGING_SETTINGS,
    Action.PREVIEW_MESSAGE,
    Action.SET_CONSENT,
    Action.GET_CONSENT,
}

ROLES = [
    *("super_user", "super_admin", "owner", "brand_admin", "brand", "dispensary_admin", "dispensary", "brand_member"),
    *("dispensary_staff", "budtender", "customer", "intern", "grower", "admin", "Owner", "", None, 5, True),
    *(["owner"], {"owner": True}),
]
ORGS = ["green", "blue", "Green", "green ", "", "a/b", None, 5, ["green"], {"green": True}]
TOKENS = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(ROLES),
        "approvalStatus": st.sampled_from(["approved", "pending", "rejected", "", None, 1, ["pending"]]),
        **{claim: st.sampled_from(ORGS) for claim in (*ORG_CLAIMS, "organizationIds", "org")},
    },
)


def by_the_domain(person: Person, action: Action) -> Reach | None:
    """How far the callable lets the person go."""
    assert person is not None
    try:
        return authorise(caller_from_claims({"sub": person[0], **person[1]}), "green", action)
    except PermissionDenied:
        return None


def by_the_rules(person: Person, action: Action) -> Reach | None:
    """How far the rules do."""
    operation, own, other = DIRECTLY[action]
    reached = []
    for path in (own, other):
        query = query_of(path.rpartition("/")[0], "*") if operation == "list" else None
        reached.append(ask(operation, path, person, {"pointsPerDollar": 3}, query=query).allowed)
    if not reached[0]:
        assert not reached[1]
        return None
    return Reach.WHOLE_ORG if reached[1] else Reach.OWN_CUSTOMER


def test_every_action_is_accounted_for() -> None:
    assert set(DIRECTLY) | ON_THE_SERVER == set(Action) == set(ALLOWED)
    assert set(DIRECTLY) >= OWN_ACTIONS


@settings(max_examples=400)
@given(TOKENS)
def test_the_same_rights_for_any_token(claims: dict[str, Any]) -> None:
    person = ("kim", claims)
    for action in DIRECTLY:
        assert by_the_rules(person, action) is by_the_domain(person, action), action


def test_the_same_rights_for_every_role_by_every_claim() -> None:
    for role in ROLES:
        for claim in ORG_CLAIMS:
            for org in ("green", "blue"):
                person = ("kim", {"role": role, claim: org})
                for action in DIRECTLY:
                    assert by_the_rules(person, action) is by_the_domain(person, action), (action, person)
