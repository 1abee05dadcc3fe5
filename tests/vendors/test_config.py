"""Configuration: what is missing or wrong switches off by name, and nothing shows a secret."""

import pytest

from lib.vendors.alleaves.config import AlleavesConfig
from lib.vendors.alpine_iq.config import AlpineIqConfig
from lib.vendors.errors import SwitchedOff

ALPINE_IQ = {"ALPINE_IQ_API_KEY": "k3y", "ALPINE_IQ_UID": "1234"}
ALLEAVES = {"ALLEAVES_USERNAME": "till@shop.example", "ALLEAVES_PASSWORD": "pa55", "ALLEAVES_PIN": "4711"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ALPINE_IQ_API_KEY": ""}, "missing_api_key"),
        ({"ALPINE_IQ_API_KEY": "  "}, "missing_api_key"),
        ({"ALPINE_IQ_API_KEY": "a\nb"}, "invalid_api_key"),
        ({"ALPINE_IQ_API_KEY": "schlüssel"}, "invalid_api_key"),
        ({"ALPINE_IQ_UID": ""}, "missing_uid"),
        ({"ALPINE_IQ_UID": "12/34"}, "invalid_uid"),
        ({"ALPINE_IQ_BASE_URL": "http://lab.alpineiq.com"}, "invalid_base_url"),
        ({"ALPINE_IQ_BASE_URL": "http://127.0.0.1@evil.example"}, "invalid_base_url"),
        ({"ALPINE_IQ_BASE_URL": "https://a@evil.example"}, "invalid_base_url"),
        ({"ALPINE_IQ_BASE_URL": "https://"}, "invalid_base_url"),
        ({"ALPINE_IQ_BASE_URL": "https://x.example/?a=b"}, "invalid_base_url"),
        ({"ALPINE_IQ_BASE_URL": "https://x.example:port"}, "invalid_base_url"),
        ({"ALPINE_IQ_BASE_URL": "file:///etc/passwd"}, "invalid_base_url"),
    ],
)
def test_switched_off_with_a_reason(change: dict[str, str], reason: str) -> None:
    with pytest.raises(SwitchedOff) as raised:
        AlpineIqConfig.from_environment({**ALPINE_IQ, **change})
    assert raised.value.reason == reason
    assert not raised.value.retryable


@pytest.mark.parametrize("name", ALLEAVES)
def test_alleaves_needs_all_three(name: str) -> None:
    with pytest.raises(SwitchedOff) as raised:
        AlleavesConfig.from_environment({**ALLEAVES, name: ""})
    assert raised.value.reason == f"missing_{name.removeprefix('ALLEAVES_').lower()}"


def test_defaults_and_documents() -> None:
    assert AlpineIqConfig.from_environment(ALPINE_IQ) == AlpineIqConfig("1234", "k3y", "https://lab.alpineiq.com")
    document = {"apiKey": "k3y", "uid": 1234, "baseUrl": "http://127.0.0.1:9/alpine_iq/", "status": "active"}
    assert AlpineIqConfig.from_document(document) == AlpineIqConfig("1234", "k3y", "http://127.0.0.1:9/alpine_iq")
    config = AlleavesConfig.from_document({"username": "u", "password": "p", "pin": 4711})
    assert (config.pin, config.base_url) == ("4711", "https://app.alleaves.com/api")


def test_nothing_shows_a_secret_or_a_user() -> None:
    alpine_iq, alleaves = AlpineIqConfig.from_environment(ALPINE_IQ), AlleavesConfig.from_environment(ALLEAVES)
    shown = f"{alpine_iq!r} {alleaves!r} {alleaves.account}"
    assert not any(secret in shown for secret in ("k3y", "pa55", "4711", "shop.example"))
