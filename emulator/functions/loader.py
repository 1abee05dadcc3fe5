"""Loads main.py once and describes the functions it names, as the Firebase CLI reads them from their manifest."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

_DEFAULT_REGION = "us-central1"
_DOCUMENT_EVENT = "google.cloud.firestore.document.v1."


@dataclass(frozen=True, slots=True)
class EventTrigger:
    """What an event function listens to. `filters` must be equal, `patterns` are path patterns, both by attribute."""

    event_type: str
    filters: Mapping[str, str]
    patterns: Mapping[str, str]
    retry: bool

    @property
    def is_document_event(self) -> bool:
        return self.event_type.startswith(_DOCUMENT_EVENT)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a schedule function is called: in unix-cron, read in a time zone (None: UTC).

    `retry` is what the manifest's retryConfig sets, `timeout_seconds` for how long the function may run, if it says so.
    """

    cron: str
    time_zone: str | None
    retry: Mapping[str, int]
    timeout_seconds: int | None


@dataclass(frozen=True, slots=True)
class Function:
    """A function of main.py. `handler` takes a CloudEvent if there is a `trigger`, else a flask.Request.

    `task_queue` is the manifest's taskQueueTrigger, rate limits and retries, of a task function.
    """

    name: str
    kind: str
    regions: Sequence[str]
    handler: Callable[[Any], Any]
    trigger: EventTrigger | None
    task_queue: Mapping[str, Any] | None = None
    schedule: Schedule | None = None

    @property
    def trigger_keys(self) -> list[str]:
        """Its keys in `/functions/projects/{p}/triggers/{key}`, one a region, spelt as the Firebase CLI does.

        The number is the CLI's count of reloads, of which there are none here.
        """
        return [f"{region}-{self.name}-0" for region in self.regions]


def load_functions(source: Path) -> list[Function]:
    """The functions of `source`/main.py by name. Whatever main.py raises is raised."""
    module = _load_main(source)
    functions = {}
    for value in vars(module).values():
        endpoint = getattr(value, "__firebase_endpoint__", None)
        if callable(value) and endpoint is not None:
            functions[endpoint.entryPoint] = _describe(value, endpoint)
    return [functions[name] for name in sorted(functions)]


def number_of(given: Any) -> int | None:
    """A setting of the manifest: a number, a parameter that has one, or anything that leaves it open."""
    value = getattr(given, "value", given)
    return value if isinstance(value, int) else None


def _load_main(source: Path) -> ModuleType:
    path = source / "main.py"
    spec = importlib.util.spec_from_file_location("main", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise FileNotFoundError(f"there is no main.py in {source}")
    sys.path.insert(0, str(source))
    module = importlib.util.module_from_spec(spec)
    sys.modules["main"] = module
    spec.loader.exec_module(module)
    return module


def _describe(handler: Callable[[Any], Any], endpoint: Any) -> Function:
    regions = [str(region) for region in endpoint.region or [] if isinstance(region, str)]
    return Function(
        name=endpoint.entryPoint,
        kind=_kind(endpoint),
        regions=regions or [_DEFAULT_REGION],
        handler=handler,
        trigger=_trigger(endpoint.eventTrigger),
        task_queue=endpoint.taskQueueTrigger,
        schedule=_schedule(endpoint),
    )


def _kind(endpoint: Any) -> str:
    kinds = {
        "callable": endpoint.callableTrigger,
        "https": endpoint.httpsTrigger,
        "event": endpoint.eventTrigger,
        "schedule": endpoint.scheduleTrigger,
        "task": endpoint.taskQueueTrigger,
        "blocking": endpoint.blockingTrigger,
    }
    return next(kind for kind, trigger in kinds.items() if trigger is not None)


def _trigger(manifest: Mapping[str, Any] | None) -> EventTrigger | None:
    if manifest is None:
        return None
    return EventTrigger(
        event_type=manifest["eventType"],
        filters={name: str(value) for name, value in manifest.get("eventFilters", {}).items()},
        patterns={name: str(value) for name, value in manifest.get("eventFilterPathPatterns", {}).items()},
        retry=manifest.get("retry") is True,
    )


def _schedule(endpoint: Any) -> Schedule | None:
    manifest = endpoint.scheduleTrigger
    if manifest is None:
        return None
    cron, zone = (getattr(manifest[key], "value", manifest[key]) for key in ("schedule", "timeZone"))
    retry = {key: number_of(given) for key, given in (manifest["retryConfig"] or {}).items()}
    return Schedule(
        cron=str(cron),
        time_zone=zone if isinstance(zone, str) else None,
        retry={key: number for key, number in retry.items() if number is not None},
        timeout_seconds=number_of(endpoint.timeoutSeconds),
    )
