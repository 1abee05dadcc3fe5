"""An org before its first order: its documents as provisioning leaves them, settings as the page saves them."""

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

from google.cloud import firestore

from cli.demo.documents import POS_STORE_ID, location_id
from cli.demo.expected import Programme
from cli.demo.year.rules import Rules
from cli.local_accounts import DEMO_ORG

ORG_ID = DEMO_ORG
REDEMPTION_POINTS = (100, 250, 500)
_POINTS_PER_DOLLAR = 1
_TIERS = (("bronze", "Bronze", 0), ("silver", "Silver", 200), ("gold", "Gold", 500), ("platinum", "Platinum", 1000))
_REWARDS = (("small", 100, 5), ("medium", 250, 15), ("large", 500, 35))

PROGRAMME = Programme(
    points_per_dollar=Fraction(_POINTS_PER_DOLLAR),
    tiers=tuple((tier_id, dollars * 100) for tier_id, _, dollars in _TIERS),
)

YEAR = Rules(
    points_per_dollar=PROGRAMME.points_per_dollar,
    tiers=PROGRAMME.tiers,
    time_zone="America/New_York",
    expire_months=6,
    pending_days=3,
    inactivity_days=90,
    grace_days=14,
)
"""What a programme of a whole year adds: points and tiers that do not last."""


def set_up(client: firestore.Client, now: datetime, more_settings: Mapping[str, Any] | None = None) -> None:
    """Writes the org, its location at the POS, and its loyalty settings in the dashboard's own shape."""
    client.document("organizations", ORG_ID).set({"name": "Demo shop", "slug": "demo-shop", "type": "dispensary"})
    client.document("tenants", ORG_ID).set({"name": "Demo shop"})
    client.document("locations", location_id(ORG_ID)).set(
        {"orgId": ORG_ID, "posConfig": {"provider": "alleaves", "status": "active", "storeId": POS_STORE_ID}}
    )
    client.document("tenants", ORG_ID, "settings", "loyalty").set(
        _settings() | dict(more_settings or {}) | {"updatedAt": now}
    )


def _settings() -> dict[str, Any]:
    return {
        "pointsPerDollar": _POINTS_PER_DOLLAR,
        "equityMultiplier": 1.2,
        "tiers": [
            {"id": tier_id, "name": name, "threshold": dollars, "color": "#888888", "benefits": []}
            for tier_id, name, dollars in _TIERS
        ],
        "redemptionTiers": [
            {"id": reward_id, "pointsCost": points, "rewardValue": dollars, "description": f"${dollars} off"}
            for reward_id, points, dollars in _REWARDS
        ],
        "menuDisplay": {"showBar": True, "loyaltyTagline": "A point for every dollar"},
    }
