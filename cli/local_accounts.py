"""What a local stack needs to send messages: keys and secrets made up when it starts, and accounts at the sandboxes.

So messages are sent, links followed and webhooks heard without a setting. Nothing of it is of any use elsewhere.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from secrets import token_urlsafe

from emulator.client import StackClient
from emulator.processes import write_whole
from emulator.stack import Stack
from emulator.vendors.client import SandboxClient
from lib.platform import links, secrets

DEMO_ORG = "org_demo_shop"
_FILE = "secrets.json"
_BY_ORG = (
    secrets.BLACKLEAF_KEYS,
    secrets.MAILJET_KEYS,
    secrets.BLACKLEAF_WEBHOOK_SECRETS,
    secrets.MAILJET_WEBHOOK_SECRETS,
    secrets.MAILJET_WEBHOOK_PASSWORDS,
)


def environment(org_ids: Iterable[str], folder: Path | None = None) -> dict[str, str]:
    """Variables for the functions' environment, but for those that are set there already, which stand.

    `folder`, where a stack keeps its data: they are kept there too, since links in messages outlive the stack.
    """
    kept: dict[str, dict[str, str]] = {}
    if folder is not None:
        with contextlib.suppress(FileNotFoundError):
            kept = json.loads((folder / _FILE).read_text())
    made = {name: {org_id: token_urlsafe(24) for org_id in org_ids} | kept.get(name, {}) for name in _BY_ORG}
    signing = kept.get(links.LINK_KEYS) or {"local": token_urlsafe(32)}
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / _FILE, json.dumps({**made, links.LINK_KEYS: signing}))
    made[secrets.MAILJET_KEYS] = {org_id: f"{key[:8]}:{key[8:]}" for org_id, key in made[secrets.MAILJET_KEYS].items()}
    variables: dict[str, object] = {**made, links.LINK_KEYS: {"current": "local", "keys": signing}}
    return {name: json.dumps(value) for name, value in variables.items() if not os.environ.get(name)}


def open_accounts(stack: Stack, org_ids: Iterable[str]) -> None:
    """Opens the orgs' accounts at the sandboxes of Blackleaf and Mailjet, whose webhooks lead to the stack.

    The keys are those of our own environment. An org without one has no account, and its vendor is switched off.
    """
    functions = StackClient(stack.project, stack.firestore, stack.functions)
    texts, mails = (SandboxClient(stack.vendors, vendor) for vendor in ("blackleaf", "mailjet"))
    for org_id in org_ids:
        if key := secrets.blackleaf_key(org_id):
            url = f"{functions.url('blackleaf_webhook')}/{org_id}/{secrets.blackleaf_webhook_secret(org_id)}"
            texts.put_account(key, webhookUrl=url)
        if keys := secrets.mailjet_keys(org_id):
            url = f"{functions.url('mailjet_webhook')}/{org_id}/{secrets.mailjet_webhook_secret(org_id)}"
            password = secrets.mailjet_webhook_password(org_id)
            with_password = url.replace("http://", f"http://mailjet:{password}@", 1)
            mails.put_account(keys[0], secret=keys[1], webhookUrl=with_password)
    for client in (functions, texts, mails):
        client.close()
