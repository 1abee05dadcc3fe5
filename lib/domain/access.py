"""Who may do what: a caller from verified token claims, and one table of actions and roles.

An org comes from the token and never from `users/{uid}`, which its owner can edit. Only super_user and super_admin
cross orgs; `owner` is the owner of its own. Roles the product does not know (also "admin", "executive") may do nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Any

from lib.domain.errors import PermissionDenied, Unauthenticated
from lib.domain.ids import is_org_id


class Role(StrEnum):
    """The dashboard's roles. Its legacy words `brand` and `dispensary` mean the admins."""

    SUPER_USER = "super_user"
    SUPER_ADMIN = "super_admin"
    OWNER = "owner"
    BRAND_ADMIN = "brand_admin"
    DISPENSARY_ADMIN = "dispensary_admin"
    BRAND_MEMBER = "brand_member"
    DISPENSARY_STAFF = "dispensary_staff"
    BUDTENDER = "budtender"
    CUSTOMER = "customer"


class Action(StrEnum):
    """Everything a caller can ask for, named as the callable that does it."""

    CHECK_POINTS = "check_points"
    GET_LEDGER = "get_ledger"
    QUOTE_REDEMPTION = "quote_redemption"
    HOLD_REDEMPTION = "hold_redemption"
    CAPTURE_REDEMPTION = "capture_redemption"
    VOID_REDEMPTION = "void_redemption"
    REINSTATE_REDEMPTION = "reinstate_redemption"
    ADJUST_POINTS = "adjust_points"
    SYNC_CUSTOMER = "sync_customer"
    REPLAY_INBOX = "replay_inbox"
    UPDATE_LOYALTY_SETTINGS = "update_loyalty_settings"
    RESET_LOYALTY_SETTINGS = "reset_loyalty_settings"
    PAUSE_LOYALTY = "pause_loyalty"
    UPDATE_MESSAGING_SETTINGS = "update_messaging_settings"
    PREVIEW_MESSAGE = "preview_message"
    CREATE_CAMPAIGN = "create_campaign"
    PREVIEW_CAMPAIGN = "preview_campaign"
    SCHEDULE_CAMPAIGN = "schedule_campaign"
    SEND_CAMPAIGN = "send_campaign"
    PAUSE_CAMPAIGN = "pause_campaign"
    RESUME_CAMPAIGN = "resume_campaign"
    CANCEL_CAMPAIGN = "cancel_campaign"
    CAMPAIGN_RESULTS = "campaign_results"
    CANCEL_RUN = "cancel_run"
    RESUME_RUN = "resume_run"
    PREVIEW_MIGRATION = "preview_migration"
    START_MIGRATION = "start_migration"
    SYNC_LOYALTY = "sync_loyalty"
    LIST_DISCREPANCIES = "list_discrepancies"
    RESOLVE_DISCREPANCY = "resolve_discrepancy"
    RECALCULATE_CUSTOMERS = "recalculate_customers"
    PREVIEW_RERATING = "preview_rerating"
    CONFIRM_RERATING = "confirm_rerating"
    SET_CONSENT = "set_consent"
    GET_CONSENT = "get_consent"


class Reach(Enum):
    """Whose data a permitted action may touch. OWN_CUSTOMER: the use case resolves the customer from the caller's uid
    and from nothing the caller sends."""

    WHOLE_ORG = "whole_org"
    OWN_CUSTOMER = "own_customer"


@dataclass(frozen=True, slots=True)
class Caller:
    """A verified caller. `orgs`: the orgs it belongs to; `role` None: none that we know; `blocked`: not approved."""

    uid: str
    role: Role | None
    orgs: frozenset[str] = frozenset()
    blocked: bool = False

    @property
    def is_super(self) -> bool:
        """Whether the caller may act in any org."""
        return self.role in SUPER


ORG_CLAIMS = ("orgId", "currentOrgId", "brandId", "dispensaryId", "locationId", "tenantId")
_LEGACY_ROLES = {"brand": Role.BRAND_ADMIN, "dispensary": Role.DISPENSARY_ADMIN}
_NOT_APPROVED = ("pending", "rejected")

SUPER = frozenset({Role.SUPER_USER, Role.SUPER_ADMIN})
ADMINS = SUPER | {Role.OWNER, Role.BRAND_ADMIN, Role.DISPENSARY_ADMIN}
STAFF = ADMINS | {Role.BRAND_MEMBER, Role.DISPENSARY_STAFF}
TILL = STAFF | {Role.BUDTENDER}

# Who may do what to any customer of its org. Nobody else may, apart from OWN_ACTIONS.
ALLOWED: Mapping[Action, frozenset[Role]] = MappingProxyType(
    {
        Action.CHECK_POINTS: TILL,
        Action.GET_LEDGER: TILL,
        Action.QUOTE_REDEMPTION: TILL,
        Action.HOLD_REDEMPTION: TILL,
        Action.CAPTURE_REDEMPTION: TILL,
        Action.VOID_REDEMPTION: TILL,
        Action.REINSTATE_REDEMPTION: STAFF,
        Action.SYNC_CUSTOMER: STAFF,
        Action.ADJUST_POINTS: ADMINS,
        Action.REPLAY_INBOX: ADMINS,
        Action.UPDATE_LOYALTY_SETTINGS: ADMINS,
        Action.RESET_LOYALTY_SETTINGS: ADMINS,
        Action.PAUSE_LOYALTY: ADMINS,
        Action.UPDATE_MESSAGING_SETTINGS: ADMINS,
        Action.PREVIEW_MESSAGE: STAFF,
        Action.CREATE_CAMPAIGN: ADMINS,
        Action.PREVIEW_CAMPAIGN: ADMINS,
        Action.SCHEDULE_CAMPAIGN: ADMINS,
        Action.SEND_CAMPAIGN: ADMINS,
        Action.PAUSE_CAMPAIGN: ADMINS,
        Action.RESUME_CAMPAIGN: ADMINS,
        Action.CANCEL_CAMPAIGN: ADMINS,
        Action.CAMPAIGN_RESULTS: ADMINS,
        Action.CANCEL_RUN: ADMINS,
        Action.RESUME_RUN: ADMINS,
        Action.PREVIEW_MIGRATION: ADMINS,
        Action.START_MIGRATION: ADMINS,
        Action.SYNC_LOYALTY: ADMINS,
        Action.LIST_DISCREPANCIES: STAFF,
        Action.RESOLVE_DISCREPANCY: ADMINS,
        Action.RECALCULATE_CUSTOMERS: ADMINS,
        Action.PREVIEW_RERATING: ADMINS,
        Action.CONFIRM_RERATING: ADMINS,
        Action.SET_CONSENT: TILL,
        Action.GET_CONSENT: TILL,
    }
)
# What a signed-in shopper may do about itself, in any org it is a customer of.
OWN_ACTIONS = frozenset({Action.CHECK_POINTS, Action.GET_LEDGER})


def caller_from_claims(claims: Mapping[str, Any]) -> Caller:
    """The caller a verified ID token describes. A token without a role is a shopper's.

    Raises Unauthenticated when there is no uid. Claims of a wrong type give nothing.
    """
    uid = claims.get("uid") or claims.get("sub")
    if not isinstance(uid, str) or not uid:
        raise Unauthenticated("the token names no user")
    role = claims.get("role")
    return Caller(
        uid=uid,
        role=Role.CUSTOMER if role is None else _role(role),
        orgs=frozenset(org for name in ORG_CLAIMS if is_org_id(org := claims.get(name))),
        blocked=claims.get("approvalStatus") in _NOT_APPROVED,
    )


def authorise(caller: Caller, org_id: str, action: Action) -> Reach:
    """How far `caller` may go with `action` in `org_id`.

    Raises PermissionDenied with reason `not_approved`, `other_org` or `role`. Whether the org exists is not revealed.
    """
    if caller.blocked:
        raise PermissionDenied("this account is not approved", reason="not_approved")
    if caller.role is Role.CUSTOMER and action in OWN_ACTIONS:
        return Reach.OWN_CUSTOMER
    if not caller.is_super and org_id not in caller.orgs:
        raise PermissionDenied("the caller does not belong to this org", reason="other_org")
    if caller.role not in ALLOWED[action]:
        raise PermissionDenied(f"the caller's role does not allow {action}", reason="role")
    return Reach.WHOLE_ORG


def _role(claim: object) -> Role | None:
    if not isinstance(claim, str):
        return None
    try:
        return _LEGACY_ROLES.get(claim) or Role(claim)
    except ValueError:
        return None
