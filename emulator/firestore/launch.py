"""Starts a local Firestore in a process of its own, for tests, benchmarks and tools."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_READY_SECONDS_MAX = 30
_STOP_SECONDS_MAX = 10


@dataclass(frozen=True, slots=True)
class Launched:
    """A running local Firestore: `address` is host:port, as FIRESTORE_EMULATOR_HOST wants it."""

    address: str
    pid: int


@contextlib.contextmanager
def launched(*arguments: str) -> Iterator[Launched]:
    """Run `python -m emulator.firestore` on a free port for the block; RuntimeError if it does not start."""
    with tempfile.TemporaryDirectory(prefix="firestore-") as directory:
        ready = Path(directory) / "ready"
        command = [sys.executable, "-m", "emulator.firestore", "--port", "0", "--ready", str(ready), *arguments]
        root = Path(__file__).parents[2]
        with subprocess.Popen(command, cwd=root, stdin=subprocess.DEVNULL) as process:
            try:
                address = _wait_until_ready(process, ready)
                yield Launched(address, process.pid)
            finally:
                _stop(process)


def _wait_until_ready(process: subprocess.Popen[bytes], ready: Path) -> str:
    deadline = time.monotonic() + _READY_SECONDS_MAX
    while not ready.exists():
        if process.poll() is not None:
            raise RuntimeError(f"the local Firestore ended with {process.returncode} before it was ready")
        if time.monotonic() > deadline:
            raise RuntimeError(f"the local Firestore was not ready after {_READY_SECONDS_MAX} seconds")
        time.sleep(0.01)
    told = json.loads(ready.read_text())
    return f"{told['host']}:{told['port']}"


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
