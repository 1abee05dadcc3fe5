"""Keys and secrets of vendors by org, from the environment; never logged or stored.

One variable holds the keys of all orgs as JSON, `{"<org id>": "<key>"}`: connecting a shop changes a value, and nothing
that a function declares.
"""

import json
import os
from collections.abc import Mapping

ALPINE_IQ_KEYS = "ALPINE_IQ_KEYS"
ALLEAVES_WEBHOOK_SECRETS = "ALLEAVES_WEBHOOK_SECRETS"
BLACKLEAF_KEYS = "BLACKLEAF_KEYS"
MAILJET_KEYS = "MAILJET_KEYS"
BLACKLEAF_WEBHOOK_SECRETS = "BLACKLEAF_WEBHOOK_SECRETS"
MAILJET_WEBHOOK_SECRETS = "MAILJET_WEBHOOK_SECRETS"
MAILJET_WEBHOOK_PASSWORDS = "MAILJET_WEBHOOK_PASSWORDS"


def alpine_iq_key(org_id: str) -> str | None:
    """The org's API key at Alpine IQ; None where it has none."""
    return _by_org(ALPINE_IQ_KEYS).get(org_id)


def alpine_iq_base_url() -> str | None:
    """Another address of Alpine IQ (ALPINE_IQ_BASE_URL), such as a sandbox's; None for the vendor's own."""
    return os.environ.get("ALPINE_IQ_BASE_URL") or None


def alleaves_webhook_secret(org_id: str) -> str | None:
    """What the org's Alleaves webhook is signed with; None where it has none, and then it has no webhook."""
    return _by_org(ALLEAVES_WEBHOOK_SECRETS).get(org_id)


def alleaves_base_url() -> str | None:
    """Another address of Alleaves (ALLEAVES_BASE_URL), such as a sandbox's; None for the vendor's own."""
    return os.environ.get("ALLEAVES_BASE_URL") or None


def blackleaf_key(org_id: str) -> str | None:
    """The key of the org's Blackleaf account; None where it has none, and then it sends no texts."""
    return _by_org(BLACKLEAF_KEYS).get(org_id)


def blackleaf_base_url() -> str | None:
    """Another address of Blackleaf (BLACKLEAF_BASE_URL), such as a sandbox's; None for the vendor's own."""
    return os.environ.get("BLACKLEAF_BASE_URL") or None


def mailjet_keys(org_id: str) -> tuple[str, str] | None:
    """The API key and secret key of the org's Mailjet account, kept as `key:secret`; None where it has none, and then
    it sends no e-mails."""
    key, mark, secret = _by_org(MAILJET_KEYS).get(org_id, "").partition(":")
    return (key, secret) if mark else None


def mailjet_base_url() -> str | None:
    """Another address of Mailjet (MAILJET_BASE_URL), such as a sandbox's; None for the vendor's own."""
    return os.environ.get("MAILJET_BASE_URL") or None


def blackleaf_webhook_secret(org_id: str) -> str | None:
    """What the address of the org's Blackleaf webhook ends in; None where it has none, and then it has no webhook."""
    return _by_org(BLACKLEAF_WEBHOOK_SECRETS).get(org_id)


def mailjet_webhook_secret(org_id: str) -> str | None:
    """What the address of the org's Mailjet webhook ends in; None where it has none, and then it has no webhook."""
    return _by_org(MAILJET_WEBHOOK_SECRETS).get(org_id)


def mailjet_webhook_password(org_id: str) -> str | None:
    """The password in that address; None where it has none, and then it has no webhook."""
    return _by_org(MAILJET_WEBHOOK_PASSWORDS).get(org_id)


def _by_org(variable: str) -> Mapping[str, str]:
    """What is no such JSON holds no keys, and neither does an entry that is no text: then that org is switched off."""
    try:
        found = json.loads(os.environ.get(variable) or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {org_id: key.strip() for org_id, key in found.items() if isinstance(key, str) and key.strip()}
