"""The common ground: what every way in which an exchange can end means for a reader and for a writer."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from lib.domain.errors import InvalidInput
from lib.vendors import http
from lib.vendors.errors import Ambiguous, Malformed, NotFound, Refused, Unavailable, VendorError
from lib.vendors.http import Budget
from lib.vendors.limiter import Rate
from lib.vendors.outcomes import Safety
from tests.vendors.asking import JSON_500, OK, QUICK, channel, ends, request
from tests.vendors.raw_server import RawServer, json_answer

HTML = json_answer(b"<html>Please stand by</html>")
HTML_502 = json_answer(b"<html>Bad gateway</html>", "502 Bad Gateway")
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


@pytest.mark.parametrize("segment", ["", ".", ".."])
def test_a_path_cannot_leave_its_place(segment: str) -> None:
    with pytest.raises(InvalidInput):
        http.path_of("api", segment, "x")


def test_a_path_is_encoded_whole() -> None:
    assert http.path_of("a b", "x/y?z#", "jo+e@example.com", 7) == "/a%20b/x%2Fy%3Fz%23/jo%2Be%40example.com/7"
