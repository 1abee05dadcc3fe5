"""Changing what an org sends: each change is checked as a whole, written with who made it, or not made."""

from typing import Any

from lib.domain.commands import Command
from lib.store import receipts
from lib.store.org import OrgStore
from lib.store.transaction import Transaction


def update(command: Command, change: dict[str, Any], *, expected_version: str | None = None) -> dict[str, Any]:
    """Lays `change` over what is in force: objects key by key, lists whole; an automation that is null goes.

    With `expected_version` (the `version` the caller last saw), refuses with `settings_changed` when somebody else was
    faster. An empty change tells what is in force. Raises InvalidInput with the pointer of the first field that is
    wrong, templates included; nothing is written then.
    """
    # Every cold start would pay for these models, and few instances ever change settings.
    from lib.domain.automations import scheduled
    from lib.domain.messaging import to_messaging_document, updated_messaging
    from lib.store import automations
    from lib.store import messaging as store

    def work(transaction: Transaction, org: OrgStore) -> dict[str, Any]:
        before = store.read(transaction, org)
        if expected_version not in (None, before.version):
            return {"ok": False, "reason": "settings_changed", "version": before.version}
        after = updated_messaging(before, change)
        old, new = to_messaging_document(before), to_messaging_document(after)
        changed = [name for name in new if new[name] != old[name]]
        answers = {"automations", "automationHour"} & {*changed}
        schedule = automations.read(transaction, org) if answers else None
        if schedule:
            automations.write(transaction, org, scheduled(schedule, after, command.at), command.at)
        if changed:
            store.write(transaction, org, after, command.actor, command.at)
            store.record_change(
                transaction, org, command.id_of("settings_change"), before, after, command.actor, command.at
            )
        return {"ok": True, "version": after.version, "changed": changed, "settings": new}

    answer = receipts.run_once(command, work)
    store.forget(OrgStore(command.org_id))
    return answer
