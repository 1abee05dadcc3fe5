"""The local stack: Firestore and the functions host as processes of their own, started and stopped together."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from emulator.processes import ServerProcess

PROJECT = "demo-perennial"
"""Projects whose id begins with demo- exist on emulators only, by a convention of the Firebase tools."""

AUTH_EMULATOR = "127.0.0.1:9099"
"""No server: any value makes the Admin SDK accept unsigned tokens, such as those of `emulator.tokens`."""

_ROOT = Path(__file__).resolve().parent.parent


class Stack:
    """A context manager around the processes; ports 0 are chosen by the system.

    A FIRESTORE_EMULATOR_HOST in the environment wins: then no Firestore is started, and whether the other one delivers
    events to the functions is its business. Raises ProcessFailed when a process does not come up.
    """

    def __init__(
        self,
        project: str = PROJECT,
        *,
        firestore: str | None = None,
        firestore_port: int = 0,
        functions_port: int = 0,
        source: Path = _ROOT,
        with_functions: bool = True,
        index_check: bool = True,
        rules_trace: bool = False,
        log_folder: Path | None = None,
    ) -> None:
        """`firestore`: host:port of one that runs already. `source`: folder of main.py, firestore.indexes.json and
        firestore.rules; `index_check` refuses queries whose index is missing, `rules_trace` logs why rules denied.
        `log_folder`: where the processes' output goes, to our own if None.
        """
        self.project = project
        self._firestore_given = firestore or os.environ.get("FIRESTORE_EMULATOR_HOST", "")
        self._firestore_port = firestore_port
        self._functions_port = functions_port
        self._source = source
        self._with_functions = with_functions
        self._indexes = source / "firestore.indexes.json" if index_check else None
        self._rules_trace = rules_trace
        self._logs = log_folder
        self._processes: list[ServerProcess] = []
        self._addresses: dict[str, str] = {}

    @property
    def firestore(self) -> str:
        """host:port of Firestore, gRPC and HTTP."""
        return self._addresses["firestore"]

    @property
    def functions(self) -> str:
        """host:port of the functions host."""
        return self._addresses["functions"]

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by name."""
        return {process.name: process.pid for process in self._processes}

    @property
    def environment(self) -> dict[str, str]:
        """What clients and the product need in their environment to use this stack."""
        return {
            "FIRESTORE_EMULATOR_HOST": self.firestore,
            "FIREBASE_AUTH_EMULATOR_HOST": os.environ.get("FIREBASE_AUTH_EMULATOR_HOST") or AUTH_EMULATOR,
            "GCLOUD_PROJECT": self.project,
            "GOOGLE_CLOUD_PROJECT": self.project,
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start both at once, since their imports take most of the time, and wait until both serve."""
        self._folder = tempfile.TemporaryDirectory(prefix="perennial-")
        folder = Path(self._folder.name)
        try:
            if self._firestore_given:
                self._addresses["firestore"] = self._firestore_given
                where = ["--firestore", self._firestore_given]
            else:
                ready = folder / "firestore.json"
                where = ["--firestore-ready", str(ready)]
                self._run("firestore", self._firestore_arguments(), ready)
            if self._with_functions:
                arguments = ["--port", str(self._functions_port), "--project", self.project]
                arguments += ["--source", str(self._source), *where]
                self._run("functions", arguments, folder / "functions.json")
            for process in self._processes:
                ready_at = json.loads(process.wait_ready())
                self._addresses[process.name] = f"{ready_at['host']}:{ready_at['port']}"
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the processes, functions first so that what they are doing can still be written."""
        for process in reversed(self._processes):
            process.stop()
        self._processes.clear()
        self._folder.cleanup()

    def check(self) -> None:
        """Raise ProcessFailed if one of the processes has ended."""
        for process in self._processes:
            process.check()

    def _firestore_arguments(self) -> list[str]:
        arguments = ["--port", str(self._firestore_port)]
        if self._indexes and self._indexes.exists():
            arguments += ["--indexes", str(self._indexes)]
        rules = self._source / "firestore.rules"
        if rules.exists():
            arguments += ["--rules", str(rules)]
        if self._rules_trace:
            arguments.append("--rules-trace")
        return arguments

    def _run(self, name: str, arguments: list[str], ready: Path) -> None:
        log = None if self._logs is None else self._logs / f"{name}.log"
        process = ServerProcess(name, f"emulator.{name}", arguments, ready, log)
        path = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        process.start({**os.environ, "PYTHONPATH": path}, _ROOT)
        self._processes.append(process)
