"""What a channel keeps to over many requests: waits it was asked for, its budget, its circuit, who it talks to."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lib.vendors import http
from lib.vendors.breaker import State
from lib.vendors.errors import Unavailable, VendorError
from lib.vendors.http import Budget, Channel
from lib.vendors.limiter import Rate
from lib.vendors.outcomes import Safety
from tests.vendors.asking import JSON_500, OK, QUICK, channel, ends, request
from tests.vendors.raw_server import RawServer, json_answer


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
def test_a_wait_that_they_ask_for_holds_for_every_way_to_the_account(raw_server: RawServer, status: str) -> None:
    raw_server.says(json_answer(b"{}", status, "Retry-After: 3600"), OK)
    error = ends(raw_server, Safety.REPEATABLE)
    assert isinstance(error, Unavailable) and error.reason == "rate_limited"
    assert error.retry_after_seconds is not None and 3590 < error.retry_after_seconds <= 3600
    other = Budget("other", total_seconds=1)
    assert ends(raw_server, Safety.ONCE, other).reason == "rate_limited"
    assert len(raw_server.requests) == 1


def test_a_short_wait_is_waited_for(raw_server: RawServer) -> None:
    raw_server.says(json_answer(b"{}", "429 Too Many Requests", "Retry-After: 0.05"), OK)
    assert channel(raw_server).send(request()).body == {"ok": 1}


def test_tries_and_waits_end_with_the_budget(raw_server: RawServer) -> None:
    raw_server.says(raw_server.hang)
    budget = Budget("test", read_seconds=0.2, total_seconds=0.5, tries=100, backoff_seconds=0.001)
    assert ends(raw_server, Safety.REPEATABLE, budget).reason == "timeout"
    assert len(raw_server.requests) <= 3


def test_requests_at_the_same_time_do_not_wait_for_each_other(raw_server: RawServer) -> None:
    both = threading.Barrier(2, timeout=10)

    def answer_when_both_are_there(connection: socket.socket) -> None:
        both.wait()
        connection.sendall(OK)

    raw_server.says(answer_when_both_are_there)
    patient, answers = Budget("test", read_seconds=15), []
    threads = [
        threading.Thread(target=lambda: answers.append(channel(raw_server, patient).send(request(Safety.ONCE)).body))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [{"ok": 1}] * 2


@pytest.mark.parametrize("safety", Safety)
def test_a_certificate_nobody_vouches_for_stops_a_request_before_it_is_sent(tmp_path: Path, safety: Safety) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with RawServer(context) as server:
        server.says(OK)
        untrusted = http.channel("acme", server.url.replace("http:", "https:"), "shop", budget=QUICK, rate=Rate(1000))
        with pytest.raises(Unavailable) as raised:
            untrusted.send(request(safety))
    assert (raised.value.reason, server.requests) == ("certificate", [])


def self_signed(folder: Path) -> Path:
    """A file with a key and a certificate for this computer that only it has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(plain + certificate.public_bytes(pem))
    return path


def test_the_circuit_opens_by_name_and_one_purpose_does_not_close_anothers(
    raw_server: RawServer, caplog: pytest.LogCaptureFixture
) -> None:
    raw_server.says(JSON_500)
    till = channel(raw_server, Budget("counter", tries=1), failures=2)
    assert ends_of(till) == "server_error" and till.circuit.state is State.CLOSED
    assert ends_of(till) == "server_error"
    assert (till.circuit.name, till.circuit.state, till.circuit.failures) == ("acme/shop/counter", State.OPEN, 2)
    assert '"circuit": "acme/shop/counter", "state": "open"' in caplog.text
    assert ends_of(till) == "circuit_open"
    assert len(raw_server.requests) == 2
    assert till.circuit.name in [view.name for view in http.circuits()]
    assert ends_of(channel(raw_server, Budget("bulk", tries=1))) == "server_error"


def ends_of(to: Channel) -> str | None:
    with pytest.raises(VendorError) as raised:
        to.send(request())
    return raised.value.reason
