"""Child processes that say when they are ready, end when told to, and never outlive their parent."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

_POLL_SECONDS = 0.01
_START_SECONDS = 30.0
STOP_SECONDS = 10.0
_LOG_TAIL_CHARACTERS = 4000


class ProcessFailed(Exception):
    """A process ended, or did not get ready, when it should have served; says which and shows the end of its log."""


class ServerProcess:
    """A Python module run as a server in a process of its own.

    It is given `--ready FILE` and `--with-parent`: it writes the file once it serves, and ends when its standard input,
    a pipe held by this process, is closed. That holds even if this process is killed.
    """

    def __init__(self, name: str, module: str, arguments: Sequence[str], ready: Path, log: Path | None) -> None:
        """`log`: file for its output, appended to; None lets it write to our own."""
        self.name = name
        self.ready = ready
        self._module = module
        self._arguments = arguments
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._started().pid

    def start(self, environment: Mapping[str, str], folder: Path) -> None:
        """Start it in `folder`, without waiting until it is ready."""
        command = [sys.executable, "-m", self._module, *self._arguments, "--ready", str(self.ready), "--with-parent"]
        output = None if self._log is None else self._log.open("ab")
        try:
            # A session of its own: Ctrl-C in a terminal reaches this process only, which then ends the others in order.
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        finally:
            if output is not None:
                output.close()

    def wait_ready(self) -> str:
        """The text of its ready-file; raises ProcessFailed if it ends first or takes too long."""
        deadline = time.monotonic() + _START_SECONDS
        while not self.ready.exists():
            self.check()
            if time.monotonic() > deadline:
                raise ProcessFailed(f"{self.name} was not ready after {_START_SECONDS:g} s{self._tail()}")
            time.sleep(_POLL_SECONDS)
        return self.ready.read_text()

    def check(self) -> None:
        """Raise ProcessFailed if it has ended."""
        code = self._started().poll()
        if code is not None:
            raise ProcessFailed(f"{self.name} ended with code {code}{self._tail()}")

    def stop(self, patience_seconds: float = STOP_SECONDS) -> int:
        """End it, with SIGTERM, and with SIGKILL if that does not help in time; returns its exit code, 0 if not run."""
        if self._process is None:
            return 0
        process, self._process = self._process, None
        process.terminate()
        try:
            process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()
        return int(process.returncode)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ProcessFailed(f"{self.name} is not running")
        return self._process

    def _tail(self) -> str:
        if self._log is None or not self._log.exists():
            return ""
        return ":\n" + self._log.read_text(errors="replace")[-_LOG_TAIL_CHARACTERS:]


def exit_with_parent() -> None:
    """Ask this process to end (SIGTERM) as soon as its standard input is closed, which the end of its parent does."""

    def watch() -> None:
        # The descriptor itself: sys.stdin's lock would be held by this thread when the interpreter shuts down.
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def leave(code: int) -> NoReturn:
    """End this process with `code`, all its work done and its files closed.

    Taking the interpreter down object by object would be a third of what a server that lives for a test costs.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def wait_for_file(path: Path) -> str:
    """The text of a file another process is about to write; raises ProcessFailed if it does not come."""
    deadline = time.monotonic() + _START_SECONDS
    while not path.exists():
        if time.monotonic() > deadline:
            raise ProcessFailed(f"{path} was not written within {_START_SECONDS:g} s")
        time.sleep(_POLL_SECONDS)
    return path.read_text()


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader waiting for it never sees a part of it."""
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.write_text(text)
    partial.replace(path)
