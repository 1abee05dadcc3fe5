"""Task functions: work that was enqueued for later, called by its queue until it is done or will never be.

A handler may be called twice for one task, also at the same time: it looks first whether there is anything left to do.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from firebase_functions import https_fn, options, tasks_fn
from flask import Request, Response

from functions.edge import errors, runtime
from functions.edge.envelopes import is_envelope
from functions.edge.inputs import Payload, parse
from lib.domain.errors import InvalidInput, InvariantBroken, PerennialError
from lib.platform import logs
from lib.platform.queue_identity import require_queue

TIMEOUT_SECONDS = 540
"""How long an attempt may take: less than the ten minutes after which Cloud Tasks takes it for failed."""

Endpoint: TypeAlias = Callable[[Request], Response]

runtime.configure()


Data = TypeVar("Data", bound=Payload)


@dataclass(frozen=True, slots=True)
class Limits:
    """How fast the queue may call: attempts begun per second (at most 500) and attempts under way."""

    per_second: int = 500
    concurrent: int = 100


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a task is tried, and how long the queue waits in between: doubling from the first to the second."""

    attempts: int = 10
    min_backoff_seconds: int = 2
    max_backoff_seconds: int = 300


def on_task(
    model: type[Data],
    *,
    limits: Limits = Limits(),
    retries: Retries = Retries(),
) -> Callable[[Callable[[Data], None]], Endpoint]:
    """Declares a task function of the handler's name, which is also its queue's: letters, digits and hyphens only.

    A task is tried again when its handler raises what a retry may mend: contention, a dependency that is down, a
    mistake of ours that a deployment mends. A payload that does not fit, and a refusal that will always be the same,
    are logged and end the task.
    """

    def declare(handler: Callable[[Data], None]) -> Endpoint:
        name = handler.__name__
        if "_" in name:
            raise ValueError(f"{name} cannot be a queue: no underscores")

        @functools.wraps(handler)
        def answer(request: https_fn.CallableRequest[Any]) -> None:
            _attempt(name, handler, model, request.data)

        endpoint: Endpoint = tasks_fn.on_task_dispatched(
            rate_limits=options.RateLimits(
                max_concurrent_dispatches=limits.concurrent, max_dispatches_per_second=limits.per_second
            ),
            retry_config=options.RetryConfig(
                max_attempts=retries.attempts,
                min_backoff_seconds=retries.min_backoff_seconds,
                max_backoff_seconds=retries.max_backoff_seconds,
            ),
            timeout_sec=TIMEOUT_SECONDS,
        )(answer)  # type: ignore[assignment]  # the SDK names the wrong type
        return _guarded(name, endpoint)

    return declare


def _attempt(name: str, handler: Callable[[Data], None], model: type[Data], data: object) -> None:
    try:
        handler(parse(model, data))
    except InvariantBroken as error:
        logs.invariant_broken(name, error)
    except PerennialError as error:
        if error.retryable:
            raise errors.https_error(error) from None
        logs.task_refused(name, error)
    except Exception as error:  # noqa: BLE001  # contention, or a mistake that is logged: both are tried again
        raise errors.https_error(errors.public(name, error)) from None


def _guarded(name: str, endpoint: Endpoint) -> Endpoint:
    """Lets nobody in but the queue, and ends what the SDK would have the queue send again and again."""

    @functools.wraps(endpoint)
    def answer(request: Request) -> Response:
        try:
            require_queue(name, request.headers.get("Authorization"))
        except PerennialError as error:
            return errors.callable_response(error)
        if not is_envelope(request):
            logs.task_refused(name, InvalidInput('the body must be {"data": ...} as application/json'))
            return Response(status=204)
        return endpoint(request)

    return answer
