"""Schedules: functions that Cloud Scheduler calls at the times of a cron expression, and the old callers' way to them.

A schedule's handler may run twice, late, or once for several times that were missed: it looks at what there is to do.
"""

import functools
import hashlib
import re
from collections.abc import Callable
from hmac import compare_digest
from http import HTTPStatus
from typing import TypeAlias
from zoneinfo import ZoneInfo

from firebase_functions import https_fn, scheduler_fn
from flask import Request, Response, json

from functions.edge import errors, runtime
from lib.domain.errors import ErrorKind, NotFound, Unauthenticated
from lib.platform import deployment, logs
from lib.platform.scheduler_identity import require_scheduler

Handler: TypeAlias = Callable[[], None]
Schedule: TypeAlias = Callable[[Request], Response]

SECONDS_MAX = 540
"""For how long a schedule may run. It is for finding what is due; much work is the runs' and their tasks'."""

# A failed run is tried three times more, over about two minutes: enough for a hiccup, done before most are due again.
_RETRIES, _MIN_BACKOFF_SECONDS, _MAX_BACKOFF_SECONDS = 3, 15, 60
_CRON = re.compile(r"[0-9A-Z*/,-]+( [0-9A-Z*/,-]+){4}")
_HANDLER = "__schedule_handler__"
_CRON_METHODS = ("GET", "POST")

runtime.configure()


def on_schedule(cron: str) -> Callable[[Handler], Schedule]:
    """Declares a function of the handler's name that runs at the times of `cron`: unix-cron, five fields, in UTC.

    Whoever is not the scheduler is refused. What the handler raises is logged, and answered so that the run is tried
    again. Raises ValueError for what is no cron expression.
    """
    if not _CRON.fullmatch(cron):
        raise ValueError(f"{cron!r} is not a cron expression of five fields")

    def declare(handler: Handler) -> Schedule:
        @scheduler_fn.on_schedule(
            schedule=cron,
            timezone=ZoneInfo("UTC"),
            timeout_sec=SECONDS_MAX,
            retry_count=_RETRIES,
            min_backoff_seconds=_MIN_BACKOFF_SECONDS,
            max_backoff_seconds=_MAX_BACKOFF_SECONDS,
        )
        @functools.wraps(handler)
        def declared(_: object) -> None:
            """Only declares: the SDK's own answer would let anybody in, and tell them what went wrong."""

        def answer(request: Request) -> Response:
            try:
                require_scheduler(handler.__name__, request.headers.get("Authorization"))
            except Exception as error:  # noqa: BLE001  # nothing may reach the caller but what `public` lets through
                return errors.problem(errors.public(handler.__name__, error))
            return _run(handler)

        functools.update_wrapper(answer, declared)
        vars(answer)[_HANDLER] = handler
        return answer

    return declare


def on_cron(find: Callable[[str], Schedule | None]) -> Schedule:
    """Declares an HTTP function of `find`'s name: GET or POST `/{function}/{schedule}` runs the schedule it finds.

    For callers from before there was a scheduler, who know the secret CRON_SECRET; without one configured, nobody does.
    """

    @functools.wraps(find)
    def answer(request: Request) -> Response:
        if request.method not in _CRON_METHODS:
            refusal = errors.problem_response(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and POST are allowed here")
            refusal.headers["Allow"] = ", ".join(_CRON_METHODS)
            return refusal
        try:
            _require_secret(request.headers.get("Authorization"))
            schedule = find(request.path.strip("/"))
            if schedule is None:
                raise NotFound("there is no such schedule")
        except Exception as error:  # noqa: BLE001  # nothing may reach the caller but what `public` lets through
            return errors.problem(errors.public(find.__name__, error))
        return _run(vars(schedule)[_HANDLER])

    endpoint: Schedule = https_fn.on_request(timeout_sec=SECONDS_MAX)(answer)
    return endpoint


def _run(handler: Handler) -> Response:
    name = handler.__name__
    try:
        handler()
    except Exception as error:  # noqa: BLE001  # nothing may reach the caller but what `public` lets through
        told = errors.public(name, error)
        if told.kind is not ErrorKind.INTERNAL:
            logs.schedule_failed(name, told)
        return errors.problem(told)
    return Response(json.dumps({"ran": name}), content_type="application/json")


def _require_secret(authorization: str | None) -> None:
    """Raises Unauthenticated unless the header is `Bearer` and the secret."""
    if not knows_secret(authorization):
        raise Unauthenticated("this address is for callers that know its secret")


def knows_secret(authorization: str | None) -> bool:
    """Whether the header is `Bearer` and CRON_SECRET. Takes as long for every wrong one."""
    expected = deployment.cron_secret()
    scheme, _, given = (authorization or "").partition(" ")
    is_right = expected is not None and compare_digest(_digest(given), _digest(expected))
    return is_right and scheme.lower() == "bearer"


def _digest(text: str) -> bytes:
    """Of one length, whatever is compared."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
