"""./dev run: calls a schedule of a running stack and says what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import run, running
from emulator.stack import Stack

MAIN = '''
from functions import edge
from lib.domain.errors import Unavailable

@edge.on_schedule("0 0 1 1 *")
def sweep_runs():
    """Well done."""

@edge.on_schedule("0 0 2 1 *")
def nightly_audit():
    raise Unavailable("the database is away")
'''


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The ready-file of a stack with two schedules, neither of which needs Firestore."""
    folder = tmp_path_factory.mktemp("stack")
    (folder / "main.py").write_text(MAIN)
    with Stack("demo-run", firestore="127.0.0.1:9", source=folder, with_scheduler=True, log_folder=folder) as stack:
        document = {"project": stack.project, "firestore": stack.firestore, "env": stack.environment}
        (folder / "ready").write_text(json.dumps(document))
        yield folder / "ready"


def test_one_that_succeeds(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["sweep_runs", "--ready", str(ready)]) == 0
    assert capsys.readouterr().out == 'sweep_runs: OK\n{"ran": "sweep_runs"}\n'


def test_one_that_fails(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["nightly_audit", "--ready", str(ready)]) == 1
    said, answer = capsys.readouterr().out.splitlines()
    assert said == "nightly_audit: UNAVAILABLE(14): HTTP status code 503"
    assert json.loads(answer)["detail"] == "the database is away"


@pytest.mark.parametrize("name", ["nonsense", "a/b", "?", "sweep_runs:run"])
def test_one_that_there_is_not(ready: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main([name, "--ready", str(ready)]) == 2
    assert capsys.readouterr().err == f"{name} is no schedule. There are: nightly_audit, sweep_runs.\n"


def test_without_a_name_they_are_listed(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run.main(["sweep_runs", "--ready", str(ready)])
    capsys.readouterr()
    assert run.main(["--ready", str(ready)]) == 0
    audit, sweep = capsys.readouterr().out.splitlines()
    assert audit.split()[:6] == ["nightly_audit", "0", "0", "2", "1", "*"]
    assert "next 20" in sweep and sweep.endswith(": OK")


def test_without_a_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(running, "FOLDER", tmp_path)
    monkeypatch.delenv("CLOUD_SCHEDULER_EMULATOR_HOST", raising=False)
    assert run.main(["sweep_runs"]) == 2
    assert "No stack is running" in capsys.readouterr().err
    monkeypatch.setenv("CLOUD_SCHEDULER_EMULATOR_HOST", "127.0.0.1:9")
    assert run.main(["sweep_runs"]) == 2
    assert "The scheduler does not answer" in capsys.readouterr().err
