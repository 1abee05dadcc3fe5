"""Handlers of tasks believe their queue and nobody else: local tokens, and tokens as Google signs them."""

from __future__ import annotations

import base64
import datetime
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from emulator.tasks.oidc import mint
from lib.domain.errors import PerennialError, PermissionDenied, Unauthenticated, Unavailable
from lib.platform import deployment, oidc
from lib.platform.queue_identity import require_queue

ACCOUNT = "queues@shop.iam.gserviceaccount.com"
KEY_ID = "key-1"


def outcome(authorization: str | None) -> type[PerennialError] | None:
    """What a request to the function `send` raises; None if it is let in."""
    try:
        require_queue("send", authorization)
    except PerennialError as error:
        return type(error)
    return None


def claims(**changed: Any) -> dict[str, Any]:
    """The claims of a token for `send`, valid now; None leaves one out."""
    now = int(time.time())
    right = {
        "iss": "https://accounts.google.com",
        "aud": deployment.function_url("send"),
        "sub": "1",
        "email": ACCOUNT,
        "email_verified": True,
        "iat": now,
        "exp": now + 3600,
    }
    return {name: value for name, value in {**right, **changed}.items() if value is not None}


def unsigned(payload: Any, algorithm: str = "none", signature: str = "") -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": algorithm}, payload)]
    return b".".join([*parts, signature.encode()]).decode()


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "shop")
    monkeypatch.setenv("TASKS_SERVICE_ACCOUNT", ACCOUNT)
    monkeypatch.delenv("FUNCTIONS_EMULATOR_HOST", raising=False)
    monkeypatch.delenv("CLOUD_TASKS_EMULATOR_HOST", raising=False)


@pytest.fixture
def local(shop: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the name of an emulator counts; nothing listens there."""
    monkeypatch.setenv("CLOUD_TASKS_EMULATOR_HOST", "127.0.0.1:9")


WRONG = [
    ({"aud": "https://us-central1-shop.cloudfunctions.net/other"}, PermissionDenied),
    ({"aud": "https://us-central1-other.cloudfunctions.net/send"}, PermissionDenied),
    ({"aud": None}, PermissionDenied),
    ({"email": "someone@shop.iam.gserviceaccount.com"}, PermissionDenied),
    ({"email": None}, PermissionDenied),
    ({"email_verified": False}, PermissionDenied),
    ({"email_verified": None}, PermissionDenied),
    ({"email_verified": "true"}, PermissionDenied),
    ({"iss": "https://securetoken.google.com/shop"}, Unauthenticated),
    ({"iss": None}, Unauthenticated),
    ({"iat": 0, "exp": 3600}, Unauthenticated),
    ({"iat": 2**33, "exp": 2**33 + 3600}, Unauthenticated),
    ({"exp": None}, Unauthenticated),
    ({"iat": None}, Unauthenticated),
]

NO_TOKENS = [None, "", "Bearer", "Bearer ", "Basic dXNlcg==", "Bearer x", "Bearer x.y.z", "Bearer ..", "Bearer ä.ä."]


@pytest.mark.usefixtures("local")
class TestLocal:
    def test_the_queues_own(self) -> None:
        url = deployment.function_url("send")
        assert outcome(f"Bearer {mint(ACCOUNT, url, int(time.time()))}") is None
        assert outcome(f"bearer {unsigned(claims())}") is None

    @pytest.mark.parametrize(("changed", "error"), WRONG)
    def test_others(self, changed: dict[str, Any], error: type[PerennialError]) -> None:
        assert outcome(f"Bearer {unsigned(claims(**changed))}") is error

    @pytest.mark.parametrize("authorization", NO_TOKENS)
    def test_none(self, authorization: str | None) -> None:
        assert outcome(authorization) is Unauthenticated

    def test_what_is_only_nearly_a_token(self) -> None:
        for token in (
            unsigned(claims(), algorithm="RS256"),
            unsigned(claims(), signature="x"),
            unsigned([claims()]),
            unsigned(claims(iat=float("inf"))),
            unsigned(claims(iat="now")),
            unsigned("[" * 100),
        ):
            assert outcome(f"Bearer {token}") is Unauthenticated, token


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    """Stands for the key that Google signs tokens with."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class _Certificates(HTTPServer):
    fetched = 0


@pytest.fixture(scope="module")
def certificates(key: rsa.RSAPrivateKey) -> Iterator[_Certificates]:
    """Answers as https://www.googleapis.com/oauth2/v1/certs does."""
    body = json.dumps({KEY_ID: _certificate(key)}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert isinstance(self.server, _Certificates)
            self.server.fetched += 1
            self.send_response(200)
            self.send_header("Cache-Control", "public, max-age=3600")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Quiet."""

    with _Certificates(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class TestProduction:
    @pytest.fixture(autouse=True)
    def production(self, shop: None, certificates: _Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
        address = f"http://127.0.0.1:{certificates.server_port}/"
        monkeypatch.setattr(oidc, "_CERTIFICATES", address)

    def signed(self, key: rsa.RSAPrivateKey, key_id: str = KEY_ID, **changed: Any) -> str:
        token = jwt.encode(claims(**changed), key, algorithm="RS256", headers={"kid": key_id})
        return f"Bearer {token}"

    def test_the_queues_own(self, key: rsa.RSAPrivateKey, certificates: _Certificates) -> None:
        assert [outcome(self.signed(key)) for _ in range(3)] == [None] * 3
        assert certificates.fetched == 1

    @pytest.mark.parametrize(("changed", "error"), WRONG)
    def test_others(self, key: rsa.RSAPrivateKey, changed: dict[str, Any], error: type[PerennialError]) -> None:
        assert outcome(self.signed(key, **changed)) is error

    @pytest.mark.parametrize("authorization", NO_TOKENS)
    def test_none(self, authorization: str | None) -> None:
        assert outcome(authorization) is Unauthenticated

    def test_forged(self, key: rsa.RSAPrivateKey) -> None:
        another = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        unknown = self.signed(key, key_id="key-2")
        for authorization in (self.signed(another), unknown, f"Bearer {unsigned(claims())}"):
            assert outcome(authorization) is Unauthenticated

    def test_certificates_that_cannot_be_fetched(self, key: rsa.RSAPrivateKey, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(oidc, "_CERTIFICATES", "http://127.0.0.1:9/")
        assert outcome(self.signed(key)) is Unavailable


def _certificate(key: rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "federated-signon.system.gserviceaccount.com")])
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - day).not_valid_after(now + day)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
