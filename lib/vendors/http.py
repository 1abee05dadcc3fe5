"""The ground all vendors' clients stand on: one JSON exchange over HTTP, bounded, paced, repeated only where safe.

A request goes through the account's circuit breaker, waits for its turn under the account's rate limit, is made with
timeouts and without following redirects (a key in a header would follow them), and ends in an `Answer` or in one error
of `lib.vendors.errors`. Only errors that are certain to have done nothing are repeated, so this serves sends as well.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NoReturn
from urllib.parse import quote

import requests
import tenacity
from pydantic_core import from_json
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from lib.domain.errors import InvalidInput
from lib.vendors import outcomes
from lib.vendors.breaker import Breaker, BreakerPolicy, BreakerView
from lib.vendors.errors import Ambiguous, Malformed, Unavailable, VendorError
from lib.vendors.limiter import Limiter, Rate
from lib.vendors.outcomes import Safety

_CHUNK_BYTES = 65_536
_BODY_BYTES_MAX = 64 * 1024 * 1024
# An instance serves forty requests at once.
_CONNECTIONS_PER_HOST = 48
# Our own reasons for not asking: the answer would be the same until the time they name.
_NOT_NOW = frozenset({"circuit_open", "rate_limited"})


@dataclass(frozen=True, slots=True)
class Budget:
    """What a call may cost. `total_seconds` bounds all its tries, waits and pauses together, but for a connection that
    is slow to come about in the last of them.

    `name` is the purpose (bulk, counter): each has a circuit breaker of its own, so that a till that waits for only
    half a second does not close the door to the nightly job.
    """

    name: str = "bulk"
    connect_seconds: float = 3.0
    read_seconds: float = 10.0
    total_seconds: float = 60.0
    tries: int = 3
    backoff_seconds: float = 0.5
    backoff_max_seconds: float = 8.0


@dataclass(frozen=True, slots=True)
class Request:
    """`path` begins with a slash and is encoded (`path_of`); `body` is a JSON value, None for no body.

    `answers` are statuses besides 2xx under which a vendor answers in detail: a JSON object with one of them is an
    Answer to be read, such as that to a batch of which some messages were refused.

    `repr` shows neither what is sent nor where to, since both carry personal data.
    """

    method: str
    path: str = field(repr=False)
    safety: Safety
    query: Mapping[str, str | int] = field(default_factory=dict, repr=False)
    body: Any = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    auth: tuple[str, str] | None = field(default=None, repr=False)
    answers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Answer:
    """A success. `body` is its JSON value; None for an answer without content (204)."""

    status: int
    body: Any = field(repr=False)


def path_of(*segments: str | int) -> str:
    """A path from segments, each encoded whole. Raises InvalidInput for one that would lead to another address."""
    for segment in segments:
        if segment in ("", ".", ".."):
            raise InvalidInput("cannot be part of an address", reason="invalid_path_segment")
    return "".join(f"/{quote(str(segment), safe='')}" for segment in segments)


class Channel:
    """Requests to one account of a vendor for one purpose; used by many threads at once."""

    def __init__(self, vendor: str, base_url: str, budget: Budget, limiter: Limiter, breaker: Breaker) -> None:
        self._vendor = vendor
        self._base_url = base_url
        self._budget = budget
        self._limiter = limiter
        self._breaker = breaker

    @property
    def circuit(self) -> BreakerView:
        return self._breaker.view()

    def send(self, request: Request) -> Answer:
        """The answer to the request; raises a VendorError. Waits and tries are bounded by the budget."""
        deadline = time.monotonic() + self._budget.total_seconds
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._budget.tries)
            | tenacity.stop_before_delay(self._budget.total_seconds),
            wait=tenacity.wait_random_exponential(self._budget.backoff_seconds, self._budget.backoff_max_seconds),
            retry=tenacity.retry_if_exception(_may_be_repeated),
            reraise=True,
        )
        return retrying(self._once, request, deadline)

    def _once(self, request: Request, deadline: float) -> Answer:
        self._breaker.check()
        self._limiter.wait(max(0.0, deadline - time.monotonic()))
        self._breaker.enter()
        try:
            answer = self._exchange(request, deadline)
        except Unavailable as error:
            # Nobody asks again before the time it names, whatever thread.
            self._limiter.hold(error.retry_after_seconds or 0.0)
            # To be told to slow down is an answer.
            (self._breaker.succeeded if error.reason == "throttled" else self._breaker.failed)()
            raise
        except (Ambiguous, Malformed):
            self._breaker.failed()
            raise
        except VendorError:
            self._breaker.succeeded()
            raise
        self._breaker.succeeded()
        return answer

    def _exchange(self, request: Request, deadline: float) -> Answer:
        left_seconds = max(0.05, deadline - time.monotonic())
        try:
            prepared = requests.Request(
                request.method,
                self._base_url + request.path,
                params=dict(request.query),
                json=request.body,
                headers={"Accept": "application/json", "User-Agent": "perennial", **request.headers},
                auth=request.auth,
            ).prepare()
            limits = min(self._budget.connect_seconds, left_seconds), min(self._budget.read_seconds, left_seconds)
            response = _connections().send(prepared, stream=True, timeout=limits)
            with response:
                content = _content(response, deadline)
        except (requests.RequestException, HTTPError, TimeoutError, OSError) as error:
            raise outcomes.of_failure(self._vendor, request.safety, error) from None
        return self._answer(request, response.status_code, response.headers, content)

    def _answer(
        self, request: Request, status: int, headers: "CaseInsensitiveDict[str]", content: bytes | None
    ) -> Answer:
        try:
            # A body that is too long (None) is as good as none that can be read.
            body, readable = (from_json(content, allow_inf_nan=False), True) if content else (None, status == 204)
        except ValueError:
            body, readable = None, False
        if status in request.answers and isinstance(body, Mapping):
            return Answer(status, body)
        failure = outcomes.of_status(self._vendor, request.safety, status, headers, body)
        if failure is None and not readable:
            failure = outcomes.of_unreadable(self._vendor, request.safety)
        if failure is not None:
            raise failure
        return Answer(status, body)

    def unreadable(self, request: Request, what: str) -> NoReturn:
        """Raise what it means that a success does not have the documented shape, such as "no list of contacts"."""
        if request.safety is Safety.REPEATABLE:
            raise Malformed(self._vendor, f"answered in an unknown shape: {what}", reason="unknown_shape")
        raise Ambiguous(self._vendor, f"answered in an unknown shape: {what}", reason="unknown_shape")


def _may_be_repeated(error: BaseException) -> bool:
    if isinstance(error, Unavailable):
        return error.reason not in _NOT_NOW
    return isinstance(error, Malformed) and error.reason == "not_json"


def _content(response: requests.Response, deadline: float) -> bytes | None:
    """The body, decompressed; None if it is longer than any answer of a vendor. Raises TimeoutError at the deadline.

    Read as it arrives: the timeout of a socket starts anew with every byte, so a server that drips would never end.
    """
    parts, size = [], 0
    while part := response.raw.read1(_CHUNK_BYTES, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > _BODY_BYTES_MAX:
            return None
        if time.monotonic() > deadline:
            raise TimeoutError
    return b"".join(parts)


@cache
def _connections() -> HTTPAdapter:
    """Connections to all vendors, shared by all threads.

    The adapter and no session around it, which would add what is not meant: it follows redirects or reads them, keeps
    cookies for everybody, and lets a .netrc replace our credentials.
    """
    return HTTPAdapter(pool_maxsize=_CONNECTIONS_PER_HOST, max_retries=0)


_lock = threading.Lock()
_limiters: dict[tuple[str, str, str], Limiter] = {}
_breakers: dict[tuple[str, str, str, str], Breaker] = {}


def channel(
    vendor: str, base_url: str, account: str, *, budget: Budget, rate: Rate, policy: BreakerPolicy | None = None
) -> Channel:
    """A way to an account. All ways to it from this process share its rate, and those of one purpose their breaker;
    the first one asked for says how much that is.

    `account` tells accounts apart and is shown in the breaker's name, so it must be no secret and no person's name.
    """
    with _lock:
        limiter = _limiters.setdefault((vendor, base_url, account), Limiter(vendor, rate))
        key = (vendor, base_url, account, budget.name)
        breaker = _breakers.get(key) or Breaker(vendor, f"{vendor}/{account}/{budget.name}", policy)
        _breakers[key] = breaker
    return Channel(vendor, base_url, budget, limiter, breaker)


def circuits() -> list[BreakerView]:
    """The circuit breakers of this process, by name."""
    with _lock:
        breakers = list(_breakers.values())
    return sorted((breaker.view() for breaker in breakers), key=lambda view: view.name)
