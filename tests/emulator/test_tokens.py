"""Unsigned tokens are accepted by the Admin SDK, claims and all, while it is told to use an Auth emulator."""

import time
import uuid
from collections.abc import Iterator

import firebase_admin
import pytest
from firebase_admin import auth

from cli import token
from emulator.tokens import id_token


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[firebase_admin.App]:
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:9099")
    app = firebase_admin.initialize_app(options={"projectId": "demo-tokens"}, name=uuid.uuid4().hex)
    yield app
    firebase_admin.delete_app(app)


def test_the_admin_sdk_accepts_it(app: firebase_admin.App) -> None:
    text = id_token("demo-tokens", "u1", {"orgId": "org_a", "role": "owner"})
    claims = auth.verify_id_token(text, app)
    assert (claims["uid"], claims["orgId"], claims["role"]) == ("u1", "org_a", "owner")
    assert claims["exp"] - time.time() == pytest.approx(3600, abs=60)


def test_a_token_of_another_project_is_refused(app: firebase_admin.App) -> None:
    with pytest.raises(auth.InvalidIdTokenError):
        auth.verify_id_token(id_token("demo-other", "u1"), app)


@pytest.mark.parametrize("uid", ["", "u" * 129])
def test_a_uid_the_auth_service_would_refuse(uid: str) -> None:
    with pytest.raises(ValueError, match="uid"):
        id_token("demo-tokens", uid)


def test_reserved_claims_cannot_be_custom() -> None:
    with pytest.raises(ValueError, match="sub is not a custom claim"):
        id_token("demo-tokens", "u1", {"sub": "someone else"})


def test_the_command_prints_one(app: firebase_admin.App, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--project", "demo-tokens", "--org", "org_a", "--role", "budtender", "--uid", "u9"]
    assert token.main([*arguments, "--claim", "locationId=loc_1", "--claim", "level=3"]) == 0
    claims = auth.verify_id_token(capsys.readouterr().out.strip(), app)
    assert (claims["uid"], claims["orgId"], claims["role"]) == ("u9", "org_a", "budtender")
    assert (claims["locationId"], claims["level"]) == ("loc_1", 3)


@pytest.mark.parametrize("claim", ["no-value", "=x", "sub=other"])
def test_the_command_refuses_a_bad_claim(claim: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert token.main(["--org", "o", "--role", "owner", "--claim", claim]) == 2
    assert capsys.readouterr().out == ""
