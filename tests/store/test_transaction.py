"""The transaction runner: one effect under contention, nothing half-written, no error hidden, and two round trips."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.firestore import Client

from lib.domain import errors
from lib.store import transaction
from lib.store.client import database
from lib.store.transaction import Transaction


@pytest.fixture(autouse=True)
def _own_project(project: str) -> None:
    """Every test here works on the product's own client."""


def counted(value: int) -> None:
    """The counter document with this value."""
    database().document("counters/a").set({"n": value})


def count() -> int:
    found: int = database().document("counters/a").get().get("n")
    return found


def add_one(running: Transaction) -> int:
    """Reads the counter and adds one to it."""
    reference = database().document("counters/a")
    value = int(running.get([reference])[0].get("n")) + 1
    running.update(reference, {"n": value})
    return value


def test_the_result_of_the_work_comes_back_and_its_writes_last() -> None:
    counted(1)
    assert transaction.run(add_one) == 2
    assert count() == 2


def test_no_increment_is_lost_among_callers_at_once() -> None:
    counted(0)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: transaction.run(add_one), range(40)))
    assert sorted(results) == list(range(1, 41))
    assert count() == 40


def test_documents_come_in_the_order_asked_for_absent_and_repeated_ones_too() -> None:
    client = database()
    for name in ("a", "b", "c"):
        client.document("things", name).set({"name": name})
    names = ("c", "missing", "a", "c", "b")

    def work(running: Transaction) -> list[str | None]:
        found = running.get([client.document("things", name) for name in names])
        return [document.get("name") if document.exists else None for document in found]

    assert transaction.run(work) == ["c", None, "a", "c", "b"]


def test_it_begins_with_its_first_read_and_costs_no_request_more(monkeypatch: pytest.MonkeyPatch) -> None:
    counted(1)
    calls: list[str] = []
    api = database()._firestore_api
    for name in ("begin_transaction", "batch_get_documents", "commit", "rollback"):
        original = getattr(api, name)

        def counted_call(*args: Any, _name: str = name, _original: Any = original, **options: Any) -> Any:
            calls.append(_name)
            return _original(*args, **options)

        monkeypatch.setattr(api, name, counted_call)
    transaction.run(add_one)
    assert calls == ["batch_get_documents", "commit"]
    calls.clear()
    transaction.run(lambda running: running.create(database().document("things/blind"), {}))
    assert calls == ["commit"]
    calls.clear()
    transaction.run(lambda running: running.get([database().document("things/a")]))
    assert calls == ["batch_get_documents", "rollback"]
    calls.clear()
    transaction.run(lambda running: running.query(database().collection("things").limit(1)))
    assert calls == ["begin_transaction", "rollback"]


def test_a_reader_lets_go_of_what_it_read() -> None:
    counted(1)
    transaction.run(lambda running: running.get([database().document("counters/a")]))
    started = threading.Thread(target=lambda: counted(2))
    started.start()
    started.join(timeout=20)
    assert not started.is_alive()
    assert count() == 2


def test_what_the_work_raises_comes_through_and_nothing_is_written() -> None:
    counted(1)

    def work(running: Transaction) -> None:
        add_one(running)
        raise errors.InvariantBroken("stop")

    with pytest.raises(errors.InvariantBroken):
        transaction.run(work)
    assert count() == 1
    counted(5)
    assert count() == 5


def test_contention_that_does_not_end_is_unavailable_and_retryable(monkeypatch: pytest.MonkeyPatch) -> None:
    counted(0)
    monkeypatch.setattr(transaction, "ATTEMPTS_MAX", 3)
    attempts = 0

    def work(running: Transaction) -> None:
        nonlocal attempts
        attempts += 1
        add_one(running)
        raise exceptions.Aborted("somebody else")

    with pytest.raises(errors.Unavailable) as raised:
        transaction.run(work)
    assert raised.value.retryable
    assert (attempts, count()) == (3, 0)


def test_a_commit_that_was_applied_but_not_answered_is_not_applied_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    counted(0)
    api = database()._firestore_api
    commit = api.commit
    lost = iter([True])

    def commit_and_lose_the_answer(*args: Any, **options: Any) -> Any:
        answer = commit(*args, **options)
        if next(lost, False):
            raise exceptions.ServiceUnavailable("connection reset")
        return answer

    monkeypatch.setattr(api, "commit", commit_and_lose_the_answer)

    def work(running: Transaction) -> str:
        marker = database().document("markers/once")
        if running.get([marker])[0].exists:
            return "known"
        running.create(marker, {})
        return "new"

    assert transaction.run(work) == "known"


def test_a_document_that_changed_since_is_a_failed_precondition() -> None:
    counted(1)
    reference = database().document("counters/a")
    since = reference.get().update_time
    counted(2)

    def work(running: Transaction) -> None:
        running.update(reference, {"n": 9}, unchanged_since=since)

    with pytest.raises(errors.FailedPrecondition) as raised:
        transaction.run(work)
    assert raised.value.reason == "changed_meanwhile"
    assert count() == 2
    fresh = reference.get().update_time
    transaction.run(lambda running: running.update(reference, {"n": 9}, unchanged_since=fresh))
    assert count() == 9


def test_a_document_that_is_gone_or_is_there_already_is_said_to_be() -> None:
    with pytest.raises(errors.NotFound):
        transaction.run(lambda running: running.update(database().document("things/gone"), {"n": 1}))
    counted(1)
    with pytest.raises(errors.FailedPrecondition):
        transaction.run(lambda running: running.create(database().document("counters/a"), {"n": 1}))


def test_a_refusal_of_firestore_is_neither_hidden_nor_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    counted(1)
    refusals: list[str] = []

    def refuse(*_: Any, **__: Any) -> None:
        refusals.append("too many writes")
        raise exceptions.InvalidArgument(refusals[-1])

    with monkeypatch.context() as patch:
        patch.setattr(database()._firestore_api, "commit", refuse)
        with pytest.raises(errors.InvariantBroken):
            transaction.run(add_one)
    assert len(refusals) == 1
    counted(2)
    assert count() == 2


def test_merging_leaves_the_other_fields_and_takes_names_literally(firestore: Client) -> None:
    reference = database().document("things/a")
    reference.set({"kept": 1, "map": {"kept": 1}})
    transaction.run(lambda running: running.merge(reference, {"map": {"new": 2}, "dotted.name": 3}))
    assert reference.get().to_dict() == {"kept": 1, "map": {"new": 2}, "dotted.name": 3}
    transaction.run(lambda running: running.update(reference, {"dotted.name": 4}))
    transaction.run(lambda running: running.delete(database().document("things/never")))
    assert (reference.get().to_dict() or {})["dotted.name"] == 4


def test_a_query_sees_what_newly_matches_as_a_conflict() -> None:
    client = database()
    rival = threading.Thread(target=client.document("things", "rival").set, args=({"n": 1},))
    waited = False

    def work(running: Transaction) -> None:
        nonlocal waited
        found = running.query(client.collection("things").limit(10))
        if not waited:
            waited = True
            rival.start()
            # Where reads lock at once, the rival has to wait for this transaction instead.
            rival.join(timeout=1)
        running.replace(client.document("totals/a"), {"n": len(found)})

    transaction.run(work)
    rival.join(timeout=20)
    stored, written = client.document("totals/a").get(), client.document("things/rival").get()
    assert stored.get("n") == (1 if written.update_time < stored.update_time else 0)
