"""Secrets of single orgs: JSON objects by org id in environment variables, as secrets reach a function.

What is missing switches off what needs it. What cannot be read does too, for every org, and is logged by its name only:
an error that quoted it would put it into the log.
"""

import json
import os
from functools import lru_cache

from lib.platform import logs

ALPINE_IQ_KEYS = "ALPINE_IQ_KEYS"
ALLEAVES_WEBHOOK_SECRETS = "ALLEAVES_WEBHOOK_SECRETS"


def alpine_iq_key(org_id: str) -> str | None:
    """The key of the org's Alpine IQ account, from ALPINE_IQ_KEYS = {"<org>": "<key>"}; None switches it off."""
    return _of(ALPINE_IQ_KEYS, org_id)


def alleaves_webhook_secret(org_id: str) -> str | None:
    """What the org's Alleaves webhook is signed with, from ALLEAVES_WEBHOOK_SECRETS; None switches it off."""
    return _of(ALLEAVES_WEBHOOK_SECRETS, org_id)


def _of(variable: str, org_id: str) -> str | None:
    return _parsed(variable, os.environ.get(variable, "")).get(org_id)


@lru_cache(maxsize=16)
def _parsed(variable: str, text: str) -> dict[str, str]:
    if not text.strip():
        return {}
    try:
        found = json.loads(text)
        if not isinstance(found, dict):
            raise ValueError("not an object")
    except ValueError:
        logs.secret_unreadable(variable)
        return {}
    return {org_id: value.strip() for org_id, value in found.items() if isinstance(value, str) and value.strip()}
