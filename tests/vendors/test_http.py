"""The common ground: what every way in which an exchange can end means for a reader and for a writer."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lib.domain.errors import InvalidInput
from lib.vendors import http
from lib.vendors.breaker import BreakerPolicy, State
from lib.vendors.errors import Ambiguous, Malformed, NotFound, Refused, Unavailable, VendorError
from lib.vendors.http import Budget, Channel, Request
from lib.vendors.limiter import Rate
from lib.vendors.outcomes import Safety
from tests.vendors.raw_server import RawServer, json_answer

QUICK = Budget("test", connect_seconds=2, read_seconds=0.3, total_seconds=20, tries=3, backoff_seconds=0.001)
OK = json_answer(b'{"ok": 1}')
HTML = json_answer(b"<html>Please stand by</html>")
HTML_502 = json_answer(b"<html>Bad gateway</html>", "502 Bad Gateway")
JSON_500 = json_answer(b'{"success": false}', "500 Internal Server Error")
THROTTLED = json_answer(b'{"success": false}', "429 Too Many Requests")
CUT_BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b'{"data": '
CUT_CHUNK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n" + b'{"data": '

Ends = Callable[[RawServer], bytes | Callable[[socket.socket], None]]

SILENT: dict[str, Ends] = {
    "hang": lambda server: server.hang,
    "drip": lambda server: server.drip,
    "reset": lambda server: server.reset,
    "closed without an answer": lambda server: b"",
    "half a body": lambda server: CUT_BODY,
    "half a chunk": lambda server: CUT_CHUNK,
    "no HTTP": lambda server: b"SSH-2.0-OpenSSH_9.2\r\n",
    "a gateway's error": lambda server: HTML_502,
}


def channel(server: RawServer, budget: Budget = QUICK, rate: Rate | None = None, failures: int = 99) -> Channel:
    rate = rate or Rate(1000)
    return http.channel("acme", server.url, "shop", budget=budget, rate=rate, policy=BreakerPolicy(failures, 60))


def request(safety: Safety = Safety.REPEATABLE, method: str = "POST") -> Request:
    return Request(method, "/thing", safety, {"phone": "4155550100"}, {"n": 1}, {"X-Key": "secret"})


def ends(server: RawServer, safety: Safety, budget: Budget = QUICK) -> VendorError:
    with pytest.raises(VendorError) as raised:
        channel(server, budget).send(request(safety))
    return raised.value


def test_a_request_says_what_it_was_told_to_and_its_answer_is_read(raw_server: RawServer) -> None:
    raw_server.says(OK)
    assert channel(raw_server).send(request()).body == {"ok": 1}
    (sent,) = raw_server.requests
    assert sent.startswith(b"POST /thing?phone=4155550100 HTTP/1.1\r\n")
    assert b"X-Key: secret" in sent and sent.endswith(b'{"n": 1}')


@pytest.mark.parametrize("end", SILENT)
def test_a_reader_asks_again_when_there_was_no_answer(raw_server: RawServer, end: str) -> None:
    # What drips is cut off by the time the whole call has, which leaves none for another try.
    budget = Budget("test", read_seconds=0.3, total_seconds=0.3, tries=1) if end == "drip" else QUICK
    raw_server.says(SILENT[end](raw_server))
    error = ends(raw_server, Safety.REPEATABLE, budget)
    assert isinstance(error, Unavailable) and error.retryable
    assert len(raw_server.requests) == budget.tries
    raw_server.requests.clear()
    if end != "drip":
        raw_server.says(SILENT[end](raw_server), OK)
        assert channel(raw_server).send(request()).body == {"ok": 1}


@pytest.mark.parametrize("end", SILENT)
@pytest.mark.parametrize("safety", [Safety.ONCE, Safety.REFUSABLE])
def test_a_writer_that_got_no_answer_never_asks_again(raw_server: RawServer, end: str, safety: Safety) -> None:
    budget = Budget("test", read_seconds=0.3, total_seconds=0.4) if end == "drip" else QUICK
    raw_server.says(SILENT[end](raw_server), OK)
    error = ends(raw_server, safety, budget)
    assert isinstance(error, Ambiguous) and not error.retryable
    assert len(raw_server.requests) == 1


@pytest.mark.parametrize("safety", Safety)
def test_a_connection_that_is_refused_did_nothing(safety: Safety) -> None:
    with RawServer() as server:
        url = server.url
    closed = http.channel("acme", url, "shop", budget=QUICK, rate=Rate(1000))
    with pytest.raises(Unavailable) as raised:
        closed.send(request(safety))
    assert raised.value.reason == "unreachable"


@pytest.mark.parametrize("safety", Safety)
def test_429_did_nothing_and_is_asked_again(raw_server: RawServer, safety: Safety) -> None:
    raw_server.says(THROTTLED, THROTTLED, OK)
    assert channel(raw_server).send(request(safety)).body == {"ok": 1}
    assert len(raw_server.requests) == 3


@pytest.mark.parametrize(
    ("safety", "expected", "asked"),
    [(Safety.REPEATABLE, Unavailable, 3), (Safety.REFUSABLE, Unavailable, 3), (Safety.ONCE, Ambiguous, 1)],
)
def test_a_5xx_in_their_own_form_is_a_refusal_only_where_the_request_says_so(
    raw_server: RawServer, safety: Safety, expected: type[VendorError], asked: int
) -> None:
    raw_server.says(JSON_500)
    assert type(ends(raw_server, safety)) is expected
    assert len(raw_server.requests) == asked


@pytest.mark.parametrize("answer", [HTML, json_answer(b'{"data": [1, 2'), json_answer(b""), json_answer(b"[NaN]")])
def test_a_success_that_is_not_json_is_nothing_known(raw_server: RawServer, answer: bytes) -> None:
    raw_server.says(answer)
    read, written = ends(raw_server, Safety.REPEATABLE), ends(raw_server, Safety.ONCE)
    assert (type(read), type(written), read.reason) == (Malformed, Ambiguous, "not_json")


def test_an_answer_that_is_too_deep_to_be_one_is_not_read(raw_server: RawServer) -> None:
    raw_server.says(json_answer(b"[" * 100_000 + b"]" * 100_000))
    assert isinstance(ends(raw_server, Safety.REPEATABLE), Malformed)


def test_an_answer_that_is_too_long_is_not_read_to_the_end(
    raw_server: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_BODY_BYTES_MAX", 1000)
    raw_server.says(json_answer(b" " * 2000 + b"{}"))
    assert isinstance(ends(raw_server, Safety.REPEATABLE), Malformed)


@pytest.mark.parametrize(
    ("status", "expected", "reason"),
    [
        ("400 Bad Request", Refused, "rejected"),
        ("401 Unauthorized", Refused, "credentials"),
        ("403 Forbidden", Refused, "credentials"),
        ("404 Not Found", NotFound, "not_found"),
        ("422 Unprocessable", Refused, "rejected"),
        ("302 Found", Refused, "redirected"),
    ],
)
@pytest.mark.parametrize("safety", Safety)
def test_a_clear_no_is_asked_once(
    raw_server: RawServer, status: str, expected: type[VendorError], reason: str, safety: Safety
) -> None:
    raw_server.says(json_answer(b'{"errors": [{"code": "mj-0013"}]}', status, "Location: http://127.0.0.1:1/"))
    error = ends(raw_server, safety)
    assert (type(error), error.reason, len(raw_server.requests)) == (expected, reason, 1)
    if isinstance(error, Refused):
        assert error.code == "mj-0013"


def test_a_web_servers_404_is_not_the_vendors(raw_server: RawServer) -> None:
    raw_server.says(json_answer(b"404 page not found", "404 Not Found"))
    error = ends(raw_server, Safety.REPEATABLE)
    assert (type(error), error.reason) == (Malformed, "foreign_404")


def test_no_content_is_a_success(raw_server: RawServer) -> None:
    raw_server.says(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
    assert channel(raw_server).send(request(Safety.ONCE)).body is None


@pytest.mark.parametrize("answer", [HTML_502, CUT_BODY, json_answer(b'{"code": "4155550100 is wrong"}', "400 Bad")])
def test_no_error_tells_what_was_asked(raw_server: RawServer, answer: bytes) -> None:
    raw_server.says(answer)
    error = ends(raw_server, Safety.REPEATABLE)
    assert error.__suppress_context__ or error.__context__ is None
    told = f"{error!r} {error} {vars(error)} {request()!r}"
    assert "4155550100" not in told and "secret" not in told


def test_nothing_of_an_earlier_failure_colours_a_later_one(raw_server: RawServer) -> None:
    with RawServer() as server:
        url = server.url
    raw_server.says(raw_server.reset)
    try:
        http.channel("acme", url, "shop", budget=QUICK, rate=Rate(1000)).send(request(Safety.ONCE))
    except Unavailable:
        assert isinstance(ends(raw_server, Safety.ONCE), Ambiguous)
    else:
        pytest.fail("nobody listens there")


def test_cookies_are_not_kept(raw_server: RawServer) -> None:
    raw_server.says(json_answer(b"{}", "200 OK", "Set-Cookie: a=b"))
    channel(raw_server).send(request())
    channel(raw_server).send(request())
    assert b"ookie" not in raw_server.requests[1]


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


@pytest.mark.parametrize("segment", ["", ".", ".."])
def test_a_path_cannot_leave_its_place(segment: str) -> None:
    with pytest.raises(InvalidInput):
        http.path_of("api", segment, "x")


def test_a_path_is_encoded_whole() -> None:
    assert http.path_of("a b", "x/y?z#", "jo+e@example.com", 7) == "/a%20b/x%2Fy%3Fz%23/jo%2Be%40example.com/7"
