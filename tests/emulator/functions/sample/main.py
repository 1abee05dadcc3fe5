"""Functions of every kind that do as little as shows that the host ran them; `notes` documents say what happened."""

import threading
from typing import Any

import firebase_admin
from firebase_functions import firestore_fn, https_fn, options, scheduler_fn, tasks_fn
from flask import Request, Response, jsonify
from google.cloud import firestore

firebase_admin.initialize_app()

_client = firestore.Client()
_meeting = threading.Barrier(8)
_fail_once: set[str] = set()


def _note(event: Any, kind: str) -> None:
    """One document an event id: what arrived, and how often."""
    _client.collection("notes").document(event.id).set(
        {"kind": kind, "document": event.document, "params": event.params, "runs": firestore.Increment(1)}, merge=True
    )


@firestore_fn.on_document_written(document="boxes/{box}")
def on_written(event: Any) -> None:
    _note(event, "written")


@firestore_fn.on_document_created(document="boxes/{box}", region=["us-central1", "europe-west1"])
def on_created(event: Any) -> None:
    _note(event, "created")


@firestore_fn.on_document_written_with_auth_context(document="shelves/{rest=**}")
def on_shelf(event: Any) -> None:
    _note(event, f"shelf by {event.auth_type}")


@firestore_fn.on_document_created(document="faulty/{id}")
def on_faulty(event: Any) -> None:
    raise RuntimeError("always fails")


@firestore_fn.on_document_created(document="flaky/{id}")
def on_flaky(event: Any) -> None:
    if event.id not in _fail_once:
        _fail_once.add(event.id)
        raise RuntimeError("fails the first time")
    _note(event, "flaky")


on_flaky.__firebase_endpoint__.eventTrigger["retry"] = True  # type: ignore[attr-defined]


@https_fn.on_call()
def echo(request: https_fn.CallableRequest[Any]) -> Any:
    return {"data": request.data, "uid": request.auth.uid if request.auth else None}


@https_fn.on_call()
def whoami(request: https_fn.CallableRequest[Any]) -> Any:
    if request.auth is None:
        raise https_fn.HttpsError(https_fn.FunctionsErrorCode.UNAUTHENTICATED, "sign in")
    return {"uid": request.auth.uid, "orgId": request.auth.token.get("orgId"), "role": request.auth.token.get("role")}


@https_fn.on_call()
def refuse(request: https_fn.CallableRequest[Any]) -> Any:
    code = https_fn.FunctionsErrorCode(request.data)
    raise https_fn.HttpsError(code, "refused on request", details={"asked": request.data})


@https_fn.on_call()
def meet(request: https_fn.CallableRequest[Any]) -> Any:
    """Returns once eight calls are inside at the same time."""
    return _meeting.wait(timeout=20)


@https_fn.on_request(cors=options.CorsOptions(cors_origins="*", cors_methods=["get"]))
def page(request: Request) -> Response:
    if request.path == "/broken":
        raise RuntimeError("secret detail")
    body = {"path": request.path, "query": request.args.to_dict(), "method": request.method}
    return jsonify(body)


@scheduler_fn.on_schedule(schedule="every day 03:00")
def nightly(event: scheduler_fn.ScheduledEvent) -> None:
    _client.collection("notes").document("nightly").set({"job": event.job_name})


@tasks_fn.on_task_dispatched()
def work(request: https_fn.CallableRequest[Any]) -> None:
    _client.collection("notes").document("work").set({"data": request.data})
