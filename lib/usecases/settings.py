"""Changing an org's programme: each change is checked, recorded in the history, and shown on the menu, or not made.

A change touches later events only: what customers have earned stays as it was earned.
"""

from collections.abc import Callable
from typing import Any

from lib.domain.commands import Command
from lib.domain.settings import (
    DEFAULT_SETTINGS,
    LoyaltySettings,
    to_document,
    updated_settings,
    validated_settings,
)
from lib.store import receipts
from lib.store import settings as store
from lib.store.org import OrgStore
from lib.store.transaction import Transaction

# Where a shop is and whether its programme runs is not part of the programme's rules.
_KEPT_ON_RESET = ("country", "currency", "timeZone", "paused")


def update(command: Command, change: dict[str, Any], *, expected_version: str | None = None) -> dict[str, Any]:
    """Lays `change` over what is in force: nested maps key by key, lists whole, in the dashboard's names and dollars.

    With `expected_version` (the `ruleVersion` the caller last saw), refuses with `settings_changed` when somebody else
    was faster. Raises InvalidInput with the pointer of the first field that is wrong; nothing is written then.
    """
    return _apply(command, lambda current: updated_settings(current, change), expected_version)


def reset(command: Command, *, expected_version: str | None = None) -> dict[str, Any]:
    """Back to the defaults, except for where the shop is and whether the programme is paused."""
    return _apply(command, _defaults_in_place_of, expected_version)


def set_paused(command: Command, *, paused: bool) -> dict[str, Any]:
    """Pauses or resumes earning and redeeming; every other setting stays."""
    return _apply(command, lambda current: updated_settings(current, {"paused": paused}), None)


def _apply(
    command: Command, decide: Callable[[LoyaltySettings], LoyaltySettings], expected_version: str | None
) -> dict[str, Any]:
    def work(transaction: Transaction, org: OrgStore) -> dict[str, Any]:
        before = store.read(transaction, org)
        if expected_version not in (None, before.settings.rule_version):
            return {"ok": False, "reason": "settings_changed", "ruleVersion": before.settings.rule_version}
        after = decide(before.settings)
        changed = _changed_fields(before.settings, after)
        if changed:
            store.write(transaction, org, before, after, changed)
            change_id = command.id_of("settings_change")
            store.record_change(
                transaction, org, change_id, command.function, before.settings, after, command.actor, command.at
            )
        return {"ok": True, "ruleVersion": after.rule_version, "changed": changed, "settings": to_document(after)}

    answer = receipts.run_once(command, work)
    store.forget(OrgStore(command.org_id))
    return answer


def _defaults_in_place_of(current: LoyaltySettings) -> LoyaltySettings:
    kept = to_document(current)
    return validated_settings({**to_document(DEFAULT_SETTINGS), **{name: kept[name] for name in _KEPT_ON_RESET}})


def _changed_fields(before: LoyaltySettings, after: LoyaltySettings) -> list[str]:
    old, new = to_document(before), to_document(after)
    return [name for name in new if new[name] != old[name]]
