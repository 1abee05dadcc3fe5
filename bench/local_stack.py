"""A stack of its own for what is measured, and waiting for the runs that it works on."""

import os
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from emulator.client import StackClient
from emulator.stack import Stack
from lib.domain.runs import Run
from lib.store import runs
from lib.store.org import OrgStore

_POLL_SECONDS = 0.25
_PATIENCE_SECONDS = 3600


@contextmanager
def running(environment: Mapping[str, str] | None = None, **options: Any) -> Iterator[tuple[Stack, StackClient]]:
    """A stack with these options, and `environment` for its functions too; this process's environment points there
    meanwhile."""
    before = dict(os.environ)
    os.environ.update(environment or {})
    project = f"demo-bench-{uuid.uuid4().hex[:8]}"
    try:
        with tempfile.TemporaryDirectory() as logs, Stack(project, log_folder=Path(logs), **options) as stack:
            os.environ.update(stack.environment)
            functions = stack.functions if options.get("with_functions", True) else None
            api = StackClient(project, stack.firestore, functions)
            yield stack, api
            api.close()
    finally:
        os.environ.clear()
        os.environ.update(before)


def finished(org_id: str, run_id: str) -> tuple[Run, int]:
    """The run when it has finished, and how often it was asked for, a read each. Raises TimeoutError after an hour."""
    deadline, polls = time.monotonic() + _PATIENCE_SECONDS, 0
    while time.monotonic() < deadline:
        found = runs.load(OrgStore(org_id), run_id)
        polls += 1
        if found and found.finished_at:
            return found, polls
        time.sleep(_POLL_SECONDS)
    raise TimeoutError(f"the run is not finished after {_PATIENCE_SECONDS} s: {found}")
