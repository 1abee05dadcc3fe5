"""Runs one function under functions-framework, in a process of its own, as Cloud Run does when it is deployed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Deploy = Callable[..., str]

_START_SECONDS = 30
_LISTENING = re.compile(r"Listening at: (http://[0-9.:]+)")


def _url(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _START_SECONDS
    while (listening := _LISTENING.search(log.read_text())) is None:
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)
    return listening[1]


@pytest.fixture
def deploy(project: str, firestore_emulator: str, root: Path, tmp_path: Path) -> Iterator[Deploy]:
    """`deploy("echo", "http")` serves a function of main.py and returns its address; `source` names another file."""
    executable = shutil.which("functions-framework", path=str(Path(sys.executable).parent))
    assert executable is not None, "functions-framework belongs to requirements.txt"
    # What Cloud Run sets, but for the emulator; gunicorn says its port at this log level only.
    environment = {
        **os.environ,
        "GOOGLE_CLOUD_PROJECT": project,
        "FIRESTORE_EMULATOR_HOST": firestore_emulator,
        "K_SERVICE": "function",
        "GUNICORN_LOG_LEVEL": "info",
    }
    started = []

    def start(target: str, signature: str, source: Path = root / "main.py") -> str:
        log = tmp_path / f"{target}.log"
        command = [executable, "--target", target, "--signature-type", signature, "--source", str(source)]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--port", "0"],
                env={**environment, "FUNCTION_TARGET": target},
                cwd=source.parent,
                stdout=output,
                stderr=output,
            )
        started.append(process)
        return _url(process, log)

    yield start
    for process in started:
        process.terminate()
    for process in started:
        process.wait(_START_SECONDS)
