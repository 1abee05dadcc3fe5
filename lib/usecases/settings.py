"""Changing an org's programme: each change is checked, recorded in the history, and shown on the menu, or not made.

A change touches later events only: what customers have earned stays as it was earned. What else follows from it for
customers and orders that are there already is for runs, which `noticed` names.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from lib.domain.commands import Command
from lib.domain.follow_ups import FollowUp, follow_ups
from lib.domain.settings import (
    DEFAULT_SETTINGS,
    LoyaltySettings,
    effective_settings,
    to_document,
    updated_settings,
    validated_settings,
)
from lib.domain.settings_dates import dated, noted
from lib.store import receipts
from lib.store import settings as store
from lib.store import transaction as transactions
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


def noticed(
    org_id: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    at: datetime,
    *,
    is_legacy: bool = False,
) -> tuple[FollowUp, ...]:
    """The runs that follow from a write of one of the settings documents at `at` (UTC), whoever has written it.

    `before`, `after`: its fields; the other document is taken as it is now, the one that `is_legacy` being the loyalty
    page's. If the write has left out the dates that go with it they are written; that is a write of its own, from which
    the runs follow. Deliveries may come twice or out of order. Two reads.
    """
    org = OrgStore(org_id)
    store.forget(org)

    def in_force(fields: Mapping[str, Any] | None, documents: store.SettingsDocuments) -> LoyaltySettings:
        return (
            effective_settings(documents.stored, fields) if is_legacy else effective_settings(fields, documents.legacy)
        )

    def work(transaction: Transaction) -> tuple[FollowUp, ...]:
        documents = store.read(transaction, org)
        old, new = in_force(before, documents), in_force(after, documents)
        if store.write_dates(transaction, org, documents, noted(old, new, documents.settings, at)):
            return ()
        return follow_ups(old, new, at)

    return transactions.run(work)


def _apply(
    command: Command, decide: Callable[[LoyaltySettings], LoyaltySettings], expected_version: str | None
) -> dict[str, Any]:
    def work(transaction: Transaction, org: OrgStore) -> dict[str, Any]:
        before = store.read(transaction, org)
        if expected_version not in (None, before.settings.rule_version):
            return {"ok": False, "reason": "settings_changed", "ruleVersion": before.settings.rule_version}
        after = dated(before.settings, decide(before.settings), command.at)
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
