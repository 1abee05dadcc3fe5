"""Runs end to end: real tasks, real documents, and an admin who stops one over the callable and has it go on."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.cloud.firestore import Client

from emulator.client import CallFailed, StackClient
from emulator.stack import Stack
from lib.domain.ledger import Actor
from lib.usecases import runs

ORG = "org_a"
MAIN = """
import time
from functions import runs
from functions.runs import cancel_run, planrun, resume_run, workshard
from lib.usecases.runs import Job

def members(org, params, after, limit):
    names = (f"m{number:04d}" for number in range(600))
    return [name for name in names if after is None or name > after][:limit]

def visit(org, params, member_id):
    org.document("marks", member_id).create({})
    if member_id == "m0060":
        raise KeyError(member_id)
    # The second batch of every shard waits at the gate.
    while int(member_id[1:]) % 250 >= 50 and not org.document("gates", "gate").get().exists:
        time.sleep(0.02)
    return {"marked": 1}

runs.JOBS = {"mark": Job("mark", members, visit)}
"""


@pytest.fixture
def stack(firestore_emulator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    (tmp_path / "main.py").write_text(MAIN)
    project = f"demo-{uuid.uuid4().hex[:12]}"
    monkeypatch.delenv("TASKS_SERVICE_ACCOUNT", raising=False)
    with Stack(project, firestore=firestore_emulator, source=tmp_path, with_tasks=True, log_folder=tmp_path) as stack:
        for name, value in stack.environment.items():
            monkeypatch.setenv(name, value)
        yield stack


def eventually(found: Callable[[], Any]) -> Any:
    """What `found` returns once it is true of anything."""
    deadline = time.monotonic() + 60
    while not (value := found()):
        assert time.monotonic() < deadline, "not within a minute"
        time.sleep(0.05)
    return value


def test_a_run_is_worked_by_its_queues_stopped_and_resumed(stack: Stack) -> None:
    client, api = Client(project=stack.project), StackClient(stack.project, stack.firestore, stack.functions)
    org = client.document("tenants", ORG)
    run_id = runs.start(ORG, "mark", "night", {}, Actor("system", "tests")).id
    run = org.collection("runs").document(run_id)

    def call(name: str, *, role: str = "owner", run: str = run_id) -> Any:
        data = {"orgId": ORG, "runId": run, "idempotencyKey": f"{name}-1"}
        return api.call(name, data, token=api.token(ORG, role))

    def ended() -> Any:
        fields = run.get().to_dict() or {}
        return fields["finishedAt"] and fields

    # Of three shards the first batch is visited, and eight members of the second wait.
    eventually(lambda: len(list(org.collection("marks").list_documents())) == 3 * (50 + 8))
    with pytest.raises(CallFailed, match="role"):
        call("cancel_run", role="budtender")
    with pytest.raises(CallFailed, match="no such run"):
        call("cancel_run", run="other")
    assert call("cancel_run")["run"]["state"] == "cancelled"
    org.collection("gates").document("gate").set({})
    stopped = eventually(ended)
    assert (stopped["state"], stopped["members"], stopped["shards"]) == ("cancelled", 600, 3)
    assert stopped["totals"] == {"visited": 299, "skipped": 1, "failed": 0, "marked": 299}
    assert stopped["errors"] == [{"memberId": "m0060", "reason": "KeyError"}]

    assert call("resume_run")["ok"]
    done = eventually(ended)
    assert (done["state"], done["shardsDone"]) == ("done", 3)
    assert done["totals"] == {"visited": 599, "skipped": 1, "failed": 0, "marked": 599}
    api.close()
    client.close()
