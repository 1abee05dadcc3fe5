"""Whose word counts: tokens that are missing, malformed, foreign, forged or expired, for every function.

The local stack takes unsigned tokens of any age, as the official emulators do. What production refuses is shown by the
same functions in this process, told that they are not on an emulator and given certificates of our own.
"""

import datetime
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import firebase_admin
import flask
import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from firebase_admin import _token_gen

import main
from emulator.client import StackClient
from emulator.tokens import id_token
from lib.domain.access import ORG_CLAIMS
from tests.functions.conftest import Counter
from tests.functions.test_access import ALLOWED, refusal

NOT_TOKENS = ("", "owner", "x", "x.y.z", "e30.e30.", "null", "Bearer Bearer")
KEY_ID = "key-1"


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_no_callable_listens_without_a_token_of_its_project(counter: Counter, name: str) -> None:
    whole = counter.stack.token(counter.org_id, "owner")
    foreign = id_token("demo-other", "someone", {"orgId": counter.org_id, "role": "owner"})
    for token in (None, *NOT_TOKENS, foreign, whole.rsplit(".", 1)[0], whole.replace(".", "", 1), f"{whole}.x"):
        assert refusal(counter.stack, name, counter.org_id, token)[0] == "UNAUTHENTICATED", token


@pytest.mark.parametrize("claim", ORG_CLAIMS)
def test_any_claim_names_the_org(counter: Counter, claim: str) -> None:
    token = id_token(counter.stack.project, "someone", {"role": "owner", claim: counter.org_id})
    assert refusal(counter.stack, "pause_loyalty", counter.org_id, token)[0] == "INVALID_ARGUMENT"
    assert refusal(counter.stack, "pause_loyalty", "org_of_others", token) == ("PERMISSION_DENIED", "other_org")


@pytest.mark.parametrize("claim", ["org", "orgid", "organizationId", "retailerId"])
def test_no_other_claim_does(counter: Counter, claim: str) -> None:
    token = id_token(counter.stack.project, "someone", {"role": "owner", claim: counter.org_id})
    assert refusal(counter.stack, "pause_loyalty", counter.org_id, token) == ("PERMISSION_DENIED", "other_org")


def test_only_super_users_cross_orgs(counter: Counter) -> None:
    for role, crosses in (("super_user", True), ("super_admin", True), ("owner", False), ("brand_admin", False)):
        token = id_token(counter.stack.project, "someone", {"role": role, "orgId": "elsewhere"})
        answer = refusal(counter.stack, "pause_loyalty", counter.org_id, token)
        assert answer == (("INVALID_ARGUMENT", None) if crosses else ("PERMISSION_DENIED", "other_org"))


def test_the_menu_is_the_same_for_everybody(counter: Counter) -> None:
    counter.write("update_loyalty_settings", settings={"pointsPerDollar": 2})
    stack = counter.stack
    foreign = stack.token("org_of_others", "owner")
    headers: list[dict[str, str]] = [{}, *({"Authorization": f"Bearer {token}"} for token in ("x.y.z", foreign))]
    answers = [_menu(stack, counter.org_id, header) for header in headers]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0]["pointsPerDollar"] == 2.0


def _menu(stack: StackClient, org_id: str, headers: dict[str, str]) -> Any:
    answer = requests.get(stack.url("public_menu"), params={"orgId": org_id}, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    """Stands for the key that Google signs tokens with."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def certificates(key: rsa.RSAPrivateKey) -> Iterator[str]:
    """An address that answers as https://www.googleapis.com/robot/v1/metadata/x509/securetoken... does."""
    body = flask.json.dumps({KEY_ID: _certificate(key)}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


class TestProduction:
    """Tokens as Google signs them, with a key whose certificate is served here instead of by Google."""

    @pytest.fixture
    def production(
        self, project: str, firestore: Any, certificates: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> Iterator[str]:
        """The project id, in an environment that names no Auth emulator; Firestore stays the local one."""
        credential = tmp_path / "credential.json"
        credential.write_text(
            '{"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}'
        )
        monkeypatch.delenv("FIREBASE_AUTH_EMULATOR_HOST")
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(credential))
        monkeypatch.setattr(_token_gen, "ID_TOKEN_CERT_URI", certificates)
        yield project
        # Made for this environment; the next test's is made for its own.
        firebase_admin.delete_app(firebase_admin.get_app())

    def token(self, project: str, key: rsa.RSAPrivateKey, *, key_id: str | None = KEY_ID, **claims: Any) -> str:
        """What the Auth service issues to the owner of an org, with other claims if given."""
        now = int(time.time())
        issued = {
            "iss": f"https://securetoken.google.com/{project}",
            "aud": project,
            "sub": "someone",
            "iat": now - 60,
            "auth_time": now - 60,
            "exp": now + 3600,
            "orgId": "org_a",
            "role": "owner",
        }
        return jwt.encode({**issued, **claims}, key, algorithm="RS256", headers={"kid": key_id} if key_id else None)

    def status(self, token: str) -> str:
        request = {"data": {"orgId": "org_a", "customerId": "org_a_1"}}
        headers = {"Authorization": f"Bearer {token}"}
        with flask.Flask("test").test_request_context("/", method="POST", json=request, headers=headers):
            body = main.check_points(flask.request).get_json()
        return "OK" if "result" in body else str(body["error"]["status"])

    def test_a_signed_token_counts(self, production: str, key: rsa.RSAPrivateKey) -> None:
        assert self.status(self.token(production, key)) == "OK"
        assert self.status(self.token(production, key, orgId="org_b")) == "PERMISSION_DENIED"
        assert self.status(self.token(production, key, role="intern")) == "PERMISSION_DENIED"

    def test_an_expired_one_does_not(self, production: str, key: rsa.RSAPrivateKey) -> None:
        now = int(time.time())
        past: dict[str, Any] = {"exp": now - 1, "iat": now - 3601}
        future: dict[str, Any] = {"iat": now + 600}
        emulated: dict[str, Any] = {"iat": 0, "exp": 3600}
        for times in (past, future, emulated):
            assert self.status(self.token(production, key, **times)) == "UNAUTHENTICATED", times

    def test_nor_one_for_somebody_else(self, production: str, key: rsa.RSAPrivateKey) -> None:
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        forged = self.token(production, other)
        for token in (
            forged,
            self.token(production, key, key_id="key-2"),
            self.token(production, key, key_id=None),
            self.token("demo-other", key),
            self.token(production, key, iss="https://accounts.google.com"),
            self.token(production, key, sub=""),
            id_token(production, "someone", {"orgId": "org_a", "role": "owner"}),
            "x.y.z",
        ):
            assert self.status(token) == "UNAUTHENTICATED", token


def _certificate(key: rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "securetoken.system.gserviceaccount.com")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(
        now + datetime.timedelta(days=1)
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
