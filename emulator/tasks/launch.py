"""Starts a local Cloud Tasks in a process of its own, for tests, benchmarks and tools that need nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from emulator.processes import ServerProcess

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Launched:
    """A running local Cloud Tasks: `address` is host:port, as CLOUD_TASKS_EMULATOR_HOST wants it."""

    address: str
    pid: int


@contextlib.contextmanager
def launched(*arguments: str) -> Iterator[Launched]:
    """Run `python -m emulator.tasks` on a free port for the block; raises ProcessFailed if it does not start."""
    with tempfile.TemporaryDirectory(prefix="tasks-") as directory:
        ready = Path(directory) / "ready"
        process = ServerProcess("tasks", "emulator.tasks", ["--port", "0", *arguments], ready, log=None)
        process.start(os.environ, _ROOT)
        try:
            told = json.loads(process.wait_ready())
            yield Launched(f"{told['host']}:{told['port']}", process.pid)
        finally:
            process.stop()
