"""./dev up: says where it serves, ends cleanly when told to, and leaves nothing behind when killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from cli import running

Up = Callable[..., subprocess.Popen[bytes]]

_DEADLINE_SECONDS = 30
_FREE_PORTS = ("--functions-port", "0", "--tasks-port", "0", "--scheduler-port", "0", "--vendors-port", "0")


@pytest.fixture
def up(root: Path, tmp_path: Path) -> Iterator[Up]:
    """Starts `./dev up` with arguments and environment variables of the test's choice."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        inherited = {name: value for name, value in os.environ.items() if name != "FIRESTORE_EMULATOR_HOST"}
        command = [sys.executable, "-m", "cli.up", "--project", "demo-up", "--ready", str(tmp_path / "ready")]
        with (tmp_path / "output").open("wb") as output:
            process = subprocess.Popen(
                [*command, *arguments], cwd=root, env={**inherited, **environment}, stdout=output, stderr=output
            )
        started.append(process)
        return process

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()


def _until(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not (result := condition()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)
    return result


def _ready(process: subprocess.Popen[bytes], folder: Path) -> dict[str, Any]:
    path = folder / "ready"
    _until(lambda: path.exists() or process.poll() is not None, "the ready-file")
    assert path.exists(), (folder / "output").read_text()
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def _listens(address: str) -> bool:
    host, port = address.split(":")
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
    except ConnectionRefusedError:
        return False
    return True


def test_it_serves_what_the_ready_file_says_and_ends_on_sigterm(up: Up, tmp_path: Path) -> None:
    process = up("--port", "0")
    ready = _ready(process, tmp_path)
    assert ready["project"] == ready["env"]["GOOGLE_CLOUD_PROJECT"] == "demo-up"
    assert ready["env"]["FIRESTORE_EMULATOR_HOST"] == ready["firestore"]
    assert requests.get(f"http://{ready['firestore']}/", timeout=10).text == "Ok\n"
    assert requests.get(f"http://{ready['functions']}/", timeout=10).json()["project"] == "demo-up"
    assert ready["env"]["CLOUD_TASKS_EMULATOR_HOST"] == ready["tasks"] and _listens(ready["tasks"])
    schedules = requests.get(f"http://{ready['scheduler']}/", timeout=10).json()
    assert schedules["project"] == "demo-up"
    assert any(it["env"] == ready["env"] for it in running.stacks())
    assert ready["env"]["PERENNIAL_CLOCK_FILE"]
    sandboxes = requests.get(f"http://{ready['vendors']}/sandbox", timeout=10).json()
    assert sandboxes["alpine_iq"] == ready["env"]["ALPINE_IQ_BASE_URL"] == f"http://{ready['vendors']}/alpine_iq"
    process.send_signal(signal.SIGTERM)
    assert process.wait(_DEADLINE_SECONDS) == 0
    assert not any(_listens(ready[name]) for name in ("firestore", "functions", "tasks", "scheduler", "vendors"))
    assert not any(it["env"] == ready["env"] for it in running.stacks())
    output = (tmp_path / "output").read_text()
    assert f"export FIRESTORE_EMULATOR_HOST={ready['firestore']}" in output
    assert "Traceback" not in output


def test_a_firestore_in_the_environment_wins_and_nothing_outlives_a_killed_parent(
    up: Up, tmp_path: Path, firestore_emulator: str
) -> None:
    process = up("--port", "0", FIRESTORE_EMULATOR_HOST=firestore_emulator)
    ready = _ready(process, tmp_path)
    assert ready["firestore"] == firestore_emulator
    assert list(ready["pids"]) == ["vendors", "functions", "tasks", "scheduler"]
    process.kill()
    process.wait()
    _until(lambda: not _listens(ready["functions"]), "the functions host to end")
    _until(lambda: not _listens(ready["tasks"]), "Cloud Tasks to end")
    _until(lambda: not _listens(ready["scheduler"]), "the scheduler to end")
    _until(lambda: not _listens(ready["vendors"]), "the sandboxes to end")
    assert requests.get(f"http://{firestore_emulator}/", timeout=10).text == "Ok\n"


def test_a_port_in_use_is_said_in_words(up: Up, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = up("--port", str(taken.getsockname()[1]), *_FREE_PORTS)
        assert process.wait(_DEADLINE_SECONDS) == 1
    assert "--port 0 takes free ones" in (tmp_path / "output").read_text()
    assert not (tmp_path / "ready").exists()
