"""The local stack as processes, started and stopped together: Firestore, functions, tasks, scheduler, vendors."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from emulator import clock
from emulator.clock import ClockFile
from emulator.processes import STOP_SECONDS, ProcessFailed, ServerProcess

PROJECT = "demo-perennial"
"""Projects whose id begins with demo- exist on emulators only, by a convention of the Firebase tools."""

AUTH_EMULATOR = "127.0.0.1:9099"
"""No server: any value makes the Admin SDK accept unsigned tokens, such as those of `emulator.tokens`."""

_EXPORT_SECONDS = 600.0
"""Time to write a data set of millions of documents."""

_ROOT = Path(__file__).resolve().parent.parent


class Stack:
    """A context manager around the processes; ports 0 are chosen by the system.

    A FIRESTORE_EMULATOR_HOST in the environment wins: then no Firestore is started, and whether the other one delivers
    events to the functions is its business, and the clock that goes with it is the one in the environment too. Raises
    ProcessFailed when a process does not come up.
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
        with_tasks: bool = False,
        tasks_port: int = 0,
        with_scheduler: bool = False,
        scheduler_port: int = 0,
        with_vendors: bool = False,
        vendors_port: int = 0,
        clock_file: Path | None = None,
        index_check: bool = True,
        rules_trace: bool = False,
        concurrency: str = "pessimistic",
        data_dir: Path | None = None,
        import_from: Path | None = None,
        export_to: Path | None = None,
        log_folder: Path | None = None,
    ) -> None:
        """`firestore`: host:port of one that runs already. `source`: folder of main.py, firestore.indexes.json and
        firestore.rules; `index_check` refuses queries whose index is missing, `rules_trace` logs why rules denied.
        `concurrency`: whether transactions lock what they read (pessimistic) or are checked at commit (optimistic).
        `with_tasks` runs Cloud Tasks too, where the task functions get their queues; `with_scheduler` what calls the
        schedule functions; `with_vendors` the vendors' sandboxes, to which the functions talk then. `clock_file` is
        another stack's, to share its time. `data_dir` keeps Firestore's commits, in its folder "tasks" the queues and
        tasks, and beside them the clock file and when schedules last ran; `import_from` and `export_to` are data sets
        to start with and to leave; all three need a Firestore of our own. `log_folder`: where the processes' output
        goes, to our own if None.
        """
        self.project = project
        self._firestore_given = firestore or os.environ.get("FIRESTORE_EMULATOR_HOST", "")
        self._firestore_port = firestore_port
        self._functions_port = functions_port
        self._source = source
        self._with_functions = with_functions
        self._with_tasks = with_tasks
        self._tasks_port = tasks_port
        self._with_scheduler = with_scheduler
        self._scheduler_port = scheduler_port
        self._with_vendors = with_vendors
        self._vendors_port = vendors_port
        self._vendor_urls: dict[str, str] = {}
        self._clock_file = clock_file
        self._indexes = source / "firestore.indexes.json" if index_check else None
        self._rules_trace = rules_trace
        self._concurrency = concurrency
        self._data_options = {"--data-dir": data_dir, "--import": import_from, "--export-on-exit": export_to}
        if self._firestore_given and any(self._data_options.values()):
            raise ValueError(f"where its data is kept is up to the Firestore at {self._firestore_given}")
        if with_scheduler and not with_functions:
            raise ValueError("a scheduler without functions has nothing to call")
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
    def tasks(self) -> str:
        """host:port of Cloud Tasks, gRPC."""
        return self._addresses["tasks"]

    @property
    def scheduler(self) -> str:
        """host:port of the scheduler, HTTP."""
        return self._addresses["scheduler"]

    @property
    def vendors(self) -> str:
        """host:port of the vendors' sandboxes, HTTP."""
        return self._addresses["vendors"]

    @property
    def clock(self) -> ClockFile:
        """The clock of the stack, to be moved."""
        return ClockFile(self._clock_path)

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by name."""
        return {process.name: process.pid for process in self._processes}

    @property
    def environment(self) -> dict[str, str]:
        """What clients and the product need in their environment to use this stack."""
        tasks = {"CLOUD_TASKS_EMULATOR_HOST": self.tasks} if self._with_tasks else {}
        if self._with_tasks and self._with_functions:
            tasks["FUNCTIONS_EMULATOR_HOST"] = self.functions
        scheduler = {"CLOUD_SCHEDULER_EMULATOR_HOST": self.scheduler} if self._with_scheduler else {}
        return {
            "FIRESTORE_EMULATOR_HOST": self.firestore,
            "FIREBASE_AUTH_EMULATOR_HOST": os.environ.get("FIREBASE_AUTH_EMULATOR_HOST") or AUTH_EMULATOR,
            "GCLOUD_PROJECT": self.project,
            "GOOGLE_CLOUD_PROJECT": self.project,
            clock.VARIABLE: str(self._clock_path),
            **tasks,
            **scheduler,
            **self._vendor_urls,
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start all at once, since their imports take most of the time, and wait until all serve."""
        self._folder = tempfile.TemporaryDirectory(prefix="perennial-")
        folder = Path(self._folder.name)
        self._clock_path = self._place_of_clock(folder)
        try:
            if self._with_vendors:
                self._start_vendors(folder / "vendors.json")
            if self._firestore_given:
                self._addresses["firestore"] = self._firestore_given
                where = ["--firestore", self._firestore_given]
            else:
                ready = folder / "firestore.json"
                where = ["--firestore-ready", str(ready)]
                self._run("firestore", self._firestore_arguments(), ready)
            functions_ready, tasks_ready = folder / "functions.json", folder / "tasks.json"
            if self._with_functions:
                arguments = ["--port", str(self._functions_port), "--project", self.project]
                arguments += ["--source", str(self._source), *where]
                if self._with_tasks:
                    arguments += ["--tasks-ready", str(tasks_ready)]
                self._run("functions", arguments, functions_ready)
            if self._with_tasks:
                self._run("tasks", self._tasks_arguments(functions_ready), tasks_ready)
            if self._with_scheduler:
                self._run("scheduler", self._scheduler_arguments(functions_ready), folder / "scheduler.json")
            for process in self._processes:
                ready_at = json.loads(process.wait_ready())
                self._addresses[process.name] = f"{ready_at['host']}:{ready_at['port']}"
        except BaseException:
            self._end()
            raise

    def stop(self) -> None:
        """End the processes: those that begin something first, then functions, and last what they write to.

        Raises ProcessFailed when Firestore was to leave a data set and did not.
        """
        code = self._end().get("firestore", 0)
        if code and self._data_options["--export-on-exit"] is not None:
            raise ProcessFailed(f"firestore ended with code {code} and has not left its data set")

    def check(self) -> None:
        """Raise ProcessFailed if one of the processes has ended."""
        for process in self._processes:
            process.check()

    def _end(self) -> dict[str, int]:
        patience_seconds = STOP_SECONDS if self._data_options["--export-on-exit"] is None else _EXPORT_SECONDS
        codes = {process.name: process.stop(patience_seconds) for process in reversed(self._processes)}
        self._processes.clear()
        self._folder.cleanup()
        return codes

    def _firestore_arguments(self) -> list[str]:
        arguments = ["--port", str(self._firestore_port), "--concurrency", self._concurrency]
        if self._indexes and self._indexes.exists():
            arguments += ["--indexes", str(self._indexes)]
        rules = self._source / "firestore.rules"
        if rules.exists():
            arguments += ["--rules", str(rules)]
        if self._rules_trace:
            arguments.append("--rules-trace")
        for option, folder in self._data_options.items():
            if folder is not None:
                arguments += [option, str(folder.resolve())]
        return arguments

    def _tasks_arguments(self, functions_ready: Path) -> list[str]:
        arguments = ["--port", str(self._tasks_port)]
        if self._with_functions:
            # Tasks that were kept would use up their attempts on functions that are still starting.
            arguments += ["--dispatch-after", str(functions_ready)]
        data_dir = self._data_options["--data-dir"]
        if data_dir is not None:
            arguments += ["--data-dir", str(data_dir.resolve() / "tasks")]
        return arguments

    def _start_vendors(self, ready: Path) -> None:
        """Before all others, a fifth of a second: the functions find the sandboxes in their environment."""
        self._run("vendors", ["--port", str(self._vendors_port)], ready)
        told = json.loads(self._processes[-1].wait_ready())
        base = f"http://{told['host']}:{told['port']}"
        self._vendor_urls = {f"{name.upper()}_BASE_URL": f"{base}/{name}" for name in told["sandboxes"]}

    def _scheduler_arguments(self, functions_ready: Path) -> list[str]:
        arguments = ["--port", str(self._scheduler_port), "--functions-ready", str(functions_ready)]
        data_dir = self._data_options["--data-dir"]
        if data_dir is not None:
            arguments += ["--state", str(data_dir.resolve() / "scheduler.json")]
        return arguments

    def _place_of_clock(self, folder: Path) -> Path:
        """Where the clock file is, or will be once the clock is moved: time belongs to the data."""
        elsewhere = os.environ.get(clock.VARIABLE) if self._firestore_given else None
        if self._clock_file is not None:
            return self._clock_file.resolve()
        if elsewhere:
            return Path(elsewhere).resolve()
        data_dir = self._data_options["--data-dir"]
        return (folder if data_dir is None else data_dir.resolve()) / "clock.json"

    def _run(self, name: str, arguments: list[str], ready: Path) -> None:
        log = None if self._logs is None else self._logs / f"{name}.log"
        process = ServerProcess(name, f"emulator.{name}", arguments, ready, log)
        path = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {**os.environ, **self._vendor_urls, "PYTHONPATH": path, clock.VARIABLE: str(self._clock_path)}
        process.start(environment, _ROOT)
        self._processes.append(process)
