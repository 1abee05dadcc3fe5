"""Every kind of error in both protocols, and which errors of an event are worth another delivery."""

from datetime import UTC, datetime

import pytest
from cloudevents.http import CloudEvent
from firebase_functions.https_fn import FunctionsErrorCode
from google.api_core import exceptions
from google.events.cloud.firestore import Document, DocumentEventData, Value

from functions.edge import DocumentChange, errors, on_document_written
from lib.domain.errors import (
    ErrorKind,
    FailedPrecondition,
    InvalidInput,
    InvariantBroken,
    NotFound,
    PerennialError,
    PermissionDenied,
    Unauthenticated,
    Unavailable,
)

PLANNED: list[tuple[PerennialError, str, int, bool]] = [
    (InvalidInput("is wrong", pointer="/x"), "INVALID_ARGUMENT", 400, False),
    (Unauthenticated("who"), "UNAUTHENTICATED", 401, False),
    (PermissionDenied("no"), "PERMISSION_DENIED", 403, False),
    (NotFound("gone"), "NOT_FOUND", 404, False),
    (FailedPrecondition("not now", reason="because"), "FAILED_PRECONDITION", 409, False),
    (Unavailable("later"), "UNAVAILABLE", 503, True),
    (PerennialError("internal error"), "INTERNAL", 500, False),
]


def test_every_kind_has_a_code() -> None:
    assert {error.kind for error, *_ in PLANNED} == set(ErrorKind)


@pytest.mark.parametrize(("error", "code", "status", "retryable"), PLANNED, ids=lambda value: str(value))
def test_in_both_protocols(error: PerennialError, code: str, status: int, retryable: bool) -> None:
    refusal = errors.https_error(error)
    assert (refusal._as_dict()["status"], refusal.message) == (code, error.message)
    assert isinstance(refusal.code, FunctionsErrorCode)
    assert refusal._as_dict()["details"]["retryable"] is retryable
    problem = errors.problem(error)
    told = problem.get_json(force=True)
    assert (problem.status_code, told["status"], told["detail"]) == (status, status, error.message)
    assert (told["reason"], told.get("pointer")) == (error.reason, getattr(error, "pointer", None))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (exceptions.ServiceUnavailable("10.0.0.7 is down"), ErrorKind.UNAVAILABLE),
        (exceptions.DeadlineExceeded("10.0.0.7 is slow"), ErrorKind.UNAVAILABLE),
        (exceptions.ResourceExhausted("quota of ann@example.com"), ErrorKind.UNAVAILABLE),
        (exceptions.PermissionDenied("of 10.0.0.7"), ErrorKind.INTERNAL),
        (KeyError("ann@example.com"), ErrorKind.INTERNAL),
        (InvariantBroken("a balance would be negative"), ErrorKind.INTERNAL),
    ],
)
def test_what_nobody_planned_tells_nothing(
    error: Exception, kind: ErrorKind, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = errors.public("some_function", error)
    assert shown.kind is kind
    assert shown.message in ("internal error", "the service is busy, try again")
    assert "ann@example.com" not in capsys.readouterr().err


class TestEvents:
    def deliver(self, raised: Exception | None) -> list[DocumentChange]:
        """Delivers one event to a function that raises this."""
        seen: list[DocumentChange] = []

        @on_document_written("shops/{shopId}")
        def on_shop_written(change: DocumentChange) -> None:
            seen.append(change)
            if raised:
                raise raised

        name = "projects/demo-x/databases/(default)/documents/shops/s1"
        written = datetime(2026, 4, 15, tzinfo=UTC)
        document = Document(name=name, fields={"n": Value(integer_value=3)}, create_time=written, update_time=written)
        event = {
            "id": "e1",
            "source": "//firestore.googleapis.com/projects/demo-x/databases/(default)",
            "type": "google.cloud.firestore.document.v1.written",
            "specversion": "1.0",
            "subject": "documents/shops/s1",
            "time": "2026-04-15T00:00:00Z",
            "datacontenttype": "application/protobuf",
            "document": "shops/s1",
            "database": "(default)",
            "namespace": "(default)",
            "project": "demo-x",
            "location": "us-central1",
        }
        body = DocumentEventData.serialize(DocumentEventData(value=document))
        on_shop_written(CloudEvent(event, body))
        return seen

    def test_arrive_as_plain_values(self, project: str) -> None:
        (change,) = self.deliver(None)
        assert (change.params, change.before, change.after) == ({"shopId": "s1"}, None, {"n": 3})
        assert change.at == change.created_at == datetime(2026, 4, 15, tzinfo=UTC)

    @pytest.mark.parametrize("error", [NotFound("gone"), InvalidInput("is wrong"), FailedPrecondition("not now")])
    def test_that_will_always_be_refused_end(
        self, project: str, error: PerennialError, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.deliver(error)
        assert '"event refused"' in capsys.readouterr().err

    @pytest.mark.parametrize("error", [Unavailable("later"), InvariantBroken("stop"), KeyError("mistake")])
    def test_that_a_retry_or_a_deployment_mends_come_again(self, project: str, error: Exception) -> None:
        with pytest.raises(type(error)):
            self.deliver(error)
