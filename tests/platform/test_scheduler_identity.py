"""Schedules believe the scheduler and nobody else. How tokens themselves are checked: test_queue_identity.py."""

from __future__ import annotations

import time
from typing import Any

import pytest

from emulator.tasks.oidc import mint
from lib.domain.errors import PerennialError, PermissionDenied, Unauthenticated
from lib.platform import scheduler_identity
from lib.platform.scheduler_identity import require_scheduler

ACCOUNT = "1234-compute@developer.gserviceaccount.com"
LOCAL_ACCOUNT = "scheduler@shop.iam.gserviceaccount.com"
DEPLOYED = "https://us-central1-shop.cloudfunctions.net/age_customers"

ITS_OWN = [
    DEPLOYED,
    "https://age-customers-abcde12345-uc.a.run.app",
    "https://age-customers-abcde12345-uc.a.run.app/",
    "https://age-customers-1234567890.us-central1.run.app",
]
NOT_ITS_OWN = [
    "None",
    "",
    "https://us-central1-shop.cloudfunctions.net/age_customers_too",
    "https://us-central1-other.cloudfunctions.net/age_customers",
    "http://age-customers-abcde12345-uc.a.run.app",
    "https://age-customers-too-abcde12345-uc.a.run.app",
    "https://not-age-customers-abcde12345-uc.a.run.app",
    "https://age-customers-abcde12345-uc.a.run.app.example.com",
    "https://age-customers-abcde12345-uc.a.run.app/elsewhere",
    "https://age-customers-1234567890.europe-west1.run.app",
    "https://age-customers.example.com",
]


def outcome(authorization: str | None) -> type[PerennialError] | None:
    """What a request to the function `age_customers` raises; None if it is let in."""
    try:
        require_scheduler("age_customers", authorization)
    except PerennialError as error:
        return type(error)
    return None


def bearer(account: str, audience: str, at: float | None = None) -> str:
    return f"Bearer {mint(account, audience, int(time.time() if at is None else at))}"


@pytest.fixture(autouse=True)
def local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "shop")
    monkeypatch.setenv("FUNCTIONS_EMULATOR", "true")
    for name in ("FUNCTIONS_EMULATOR_HOST", "SCHEDULER_SERVICE_ACCOUNT", "CLOUD_TASKS_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("audience", ITS_OWN)
def test_its_own_addresses(audience: str) -> None:
    assert outcome(bearer(LOCAL_ACCOUNT, audience)) is None


@pytest.mark.parametrize("audience", NOT_ITS_OWN)
def test_other_addresses(audience: str) -> None:
    assert outcome(bearer(LOCAL_ACCOUNT, audience)) is PermissionDenied


def test_the_local_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNCTIONS_EMULATOR_HOST", "127.0.0.1:5001")
    assert outcome(bearer(LOCAL_ACCOUNT, "http://127.0.0.1:5001/shop/us-central1/age_customers")) is None
    assert outcome(bearer(LOCAL_ACCOUNT, "http://127.0.0.1:5001/shop/us-central1/other")) is PermissionDenied


def test_the_account_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCHEDULER_SERVICE_ACCOUNT", ACCOUNT)
    assert outcome(bearer(ACCOUNT, DEPLOYED)) is None
    for other in (LOCAL_ACCOUNT, "tasks@shop.iam.gserviceaccount.com", "", f"x{ACCOUNT}"):
        assert outcome(bearer(other, DEPLOYED)) is PermissionDenied


def test_none_and_those_of_another_time() -> None:
    for authorization in (
        None,
        "",
        "Bearer",
        "Bearer x.y.z",
        bearer(LOCAL_ACCOUNT, DEPLOYED).replace("Bearer", "Basic"),
    ):
        assert outcome(authorization) is Unauthenticated
    for at in (time.time() - 4000, time.time() + 100):
        assert outcome(bearer(LOCAL_ACCOUNT, DEPLOYED, at)) is Unauthenticated


def test_production_takes_no_unsigned_token_and_nobody_while_no_account_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("FUNCTIONS_EMULATOR")
    # A queue that is emulated says nothing of schedules.
    monkeypatch.setenv("CLOUD_TASKS_EMULATOR_HOST", "127.0.0.1:9")
    signed: dict[str, Any] = {"aud": DEPLOYED, "email": ACCOUNT, "email_verified": True}
    monkeypatch.setenv("SCHEDULER_SERVICE_ACCOUNT", ACCOUNT)
    monkeypatch.setattr(scheduler_identity, "bearer_claims", lambda authorization, emulated: not emulated and signed)
    assert outcome("Bearer signed") is None
    monkeypatch.delenv("SCHEDULER_SERVICE_ACCOUNT")
    with pytest.raises(KeyError):
        outcome("Bearer signed")
