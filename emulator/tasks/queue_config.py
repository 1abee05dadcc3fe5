"""A queue's settings: production's defaults and limits, and how an update changes them."""

from __future__ import annotations

from collections.abc import Sequence

from emulator.tasks.bucket import burst_size
from emulator.tasks.errors import invalid_argument, unimplemented
from emulator.tasks.retries import UNLIMITED
from emulator.tasks.wire import SECOND, Duration, Queue, RateLimits, RetryConfig, duration, micros

_RATE_DEFAULT, _RATE_MAX = 500.0, 500.0
_CONCURRENT_DEFAULT, _CONCURRENT_MAX = 1000, 5000
_ATTEMPTS_DEFAULT = 100
_MIN_BACKOFF_MICROS, _MAX_BACKOFF_MICROS = SECOND // 10, 3600 * SECOND
_DOUBLINGS_DEFAULT = 16

_UPDATED = ("rate_limits", "retry_config", "stackdriver_logging_config", "app_engine_routing_override")


def complete(given: Queue, state: int) -> Queue:
    """A queue as it is stored: what was given, and defaults; raises INVALID_ARGUMENT.

    0 means the default where proto3 cannot tell it from nothing: rates, concurrency, attempts, doublings.
    """
    if given.HasField("http_target"):
        raise unimplemented("The local Cloud Tasks does not apply a queue's http_target; set it on the tasks.")
    queue = Queue(name=given.name, state=state)
    for field in _UPDATED[2:]:
        if given.HasField(field):
            getattr(queue, field).CopyFrom(getattr(given, field))
    queue.rate_limits.CopyFrom(_rate_limits(given.rate_limits))
    queue.retry_config.CopyFrom(complete_retry(given.retry_config))
    return queue


def updated(present: Queue, given: Queue, paths: Sequence[str]) -> Queue:
    """The queue after an update of the fields named, all if none are; raises INVALID_ARGUMENT."""
    wanted = Queue(name=present.name)
    for field in _UPDATED:
        if present.HasField(field):
            getattr(wanted, field).CopyFrom(getattr(present, field))
    for path in paths or _UPDATED:
        _copy(given, wanted, path)
    queue = complete(wanted, present.state)
    if present.HasField("purge_time"):
        queue.purge_time.CopyFrom(present.purge_time)
    return queue


def complete_retry(given: RetryConfig) -> RetryConfig:
    """Retry settings with defaults for what is not given; raises INVALID_ARGUMENT."""
    if given.max_attempts < UNLIMITED:
        raise invalid_argument("RetryConfig.maxAttempts must be greater than or equal to -1.")
    if given.max_doublings < 0:
        raise invalid_argument("RetryConfig.maxDoublings must not be negative.")
    least = _backoff(given, "min_backoff", _MIN_BACKOFF_MICROS)
    most = _backoff(given, "max_backoff", max(least, _MAX_BACKOFF_MICROS))
    if least > most:
        raise invalid_argument("RetryConfig.minBackoff must be less than or equal to RetryConfig.maxBackoff.")
    time_limit = micros(given.max_retry_duration)
    if time_limit < 0:
        raise invalid_argument("RetryConfig.maxRetryDuration must not be negative.")
    return RetryConfig(
        max_attempts=given.max_attempts or _ATTEMPTS_DEFAULT,
        max_retry_duration=_whole_seconds(time_limit),
        min_backoff=duration(least),
        max_backoff=duration(most),
        max_doublings=given.max_doublings or _DOUBLINGS_DEFAULT,
    )


def _rate_limits(given: RateLimits) -> RateLimits:
    rate, concurrent = given.max_dispatches_per_second, given.max_concurrent_dispatches
    if not 0 <= rate <= _RATE_MAX:
        raise invalid_argument(f"RateLimits.maxDispatchesPerSecond must be between 0 and {_RATE_MAX:g}.")
    if not 0 <= concurrent <= _CONCURRENT_MAX:
        raise invalid_argument(f"RateLimits.maxConcurrentDispatches must be between 0 and {_CONCURRENT_MAX}.")
    rate = rate or _RATE_DEFAULT
    return RateLimits(
        max_dispatches_per_second=rate,
        max_burst_size=burst_size(rate),
        max_concurrent_dispatches=concurrent or _CONCURRENT_DEFAULT,
    )


def _backoff(given: RetryConfig, field: str, default_micros: int) -> int:
    if not given.HasField(field):
        return default_micros
    value = micros(getattr(given, field))
    if value < 0:
        raise invalid_argument(f"RetryConfig.{field} must not be negative.")
    # Truncated to the second, as documented, but not to nothing: production's own default is a tenth.
    return value if value < SECOND else micros(_whole_seconds(value))


def _whole_seconds(value_micros: int) -> Duration:
    return Duration(seconds=value_micros // SECOND)


def _copy(source: Queue, target: Queue, path: str) -> None:
    """Copy one field named by a path of a field mask, such as `rate_limits.max_dispatches_per_second`."""
    *parents, field = path.split(".")
    if path.partition(".")[0] not in _UPDATED:
        if path in Queue.DESCRIPTOR.fields_by_name:
            # Names and output-only fields are ignored, as documented.
            return
        raise invalid_argument(f"Invalid field in update mask: {path}")
    for name in parents:
        parent = target.DESCRIPTOR.fields_by_name.get(name)
        if parent is None or parent.message_type is None:
            raise invalid_argument(f"Invalid field in update mask: {path}")
        source, target = getattr(source, name), getattr(target, name)
    described = target.DESCRIPTOR.fields_by_name.get(field)
    if described is None:
        raise invalid_argument(f"Invalid field in update mask: {path}")
    target.ClearField(field)
    if described.message_type is None:
        setattr(target, field, getattr(source, field))
    elif source.HasField(field):
        getattr(target, field).CopyFrom(getattr(source, field))
