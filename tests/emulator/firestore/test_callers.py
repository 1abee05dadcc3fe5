"""Who is an admin, who is a user and who is nobody, told from the authorization header alone."""

import base64
import json
from typing import Any

import pytest

from emulator.firestore.caller import ADMIN, NOBODY, Caller
from emulator.firestore.errors import FirestoreError
from emulator.tokens import id_token


def caller(authorization: str) -> Caller:
    return Caller.from_metadata([("x-other", "1"), ("authorization", authorization)])


def segment(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def token(claims: Any, header: Any = None) -> str:
    return f"{segment(header or {'alg': 'none'})}.{segment(claims)}."


NOT_A_NUMBER = b'{"sub": "kim", "n": NaN}'
ROBOT = "robot@demo.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    "credential",
    ["owner", "ya29.c.abc", token({"iss": ROBOT, "sub": ROBOT, "aud": "https://firestore.googleapis.com/"})],
)
def test_admins(credential: str) -> None:
    assert caller(f"Bearer {credential}") == ADMIN


def test_no_authorization_is_nobody() -> None:
    assert Caller.from_metadata(None) == Caller.from_metadata([("x-other", "1")]) == NOBODY
    assert str(NOBODY) == "nobody signed in"


def test_a_token_is_a_user_with_all_its_claims() -> None:
    user = caller("Bearer " + id_token("demo", "kim", {"role": "owner", "orgs": ["a"], "level": 2**70, "n": 2**62}))
    assert user.auth is not None
    assert (user.is_admin, user.auth.uid, str(user)) == (False, "kim", "user 'kim'")
    assert user.auth.token["role"] == "owner"
    assert user.auth.token["orgs"] == ["a"]
    assert user.auth.token["n"] == 2**62
    assert user.auth.token["level"] == float(2**70)
    assert user.auth.token["aud"] == "demo"


def test_neither_expiry_nor_signature_is_looked_at() -> None:
    claims = {"sub": "kim", "iat": 0, "exp": 3600}
    assert caller(f"bearer {token(claims)}").auth == caller(f"Bearer {token(claims, {'alg': 'RS256'})}c2ln").auth


def test_user_id_stands_in_for_the_subject() -> None:
    auth = caller(f"Bearer {token({'user_id': 'kim'})}").auth
    assert auth is not None
    assert auth.uid == "kim"


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "owner",
        "Basic b3duZXI=",
        "Bearer",
        "Bearer ",
        "Bearer Owner",
        "Bearer x",
        "Bearer x.y.z",
        "Bearer a.b.c.d",
        f"Bearer {segment({'alg': 'none'})}.{segment({'sub': 'kim'})}",
        f"Bearer {token({})}",
        f"Bearer {token({'sub': ''})}",
        f"Bearer {token({'sub': 5})}",
        f"Bearer {token(['sub'])}",
        f"Bearer {token(b'not json')}",
        f"Bearer {token(NOT_A_NUMBER)}",
        f"Bearer {token(b'[' * 100_000)}",
        f"Bearer .{segment({'sub': 'kim'})}.",
        "Bearer é.è.",
    ],
    ids=lambda authorization: authorization[:40],
)
def test_anything_else_is_refused(authorization: str) -> None:
    with pytest.raises(FirestoreError) as refusal:
        caller(authorization)
    assert refusal.value.number == 16  # UNAUTHENTICATED
