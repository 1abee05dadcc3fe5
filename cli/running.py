"""Which stacks `./dev up` runs from this folder, so that other commands find theirs without being told."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / ".cache" / "running"


class NoStack(Exception):
    """No stack, or too many of them, to take something from; says what to do."""


@contextlib.contextmanager
def announced(document: Mapping[str, Any], folder: Path | None = None) -> Iterator[None]:
    """Let others find a stack, described as in the ready-file of `./dev up`, for the length of the block.

    The file is locked as long, so that what a killed process has left is known for what it is.
    """
    folder = folder or FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{os.getpid()}.json"
    partial = path.with_suffix(".part")
    with partial.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(document))
        file.flush()
        partial.rename(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def stacks(folder: Path | None = None) -> list[dict[str, Any]]:
    """The stacks that are running, as they have announced themselves. Clears away those that are no more."""
    found = []
    for path in sorted((folder or FOLDER).glob("*.json")):
        with contextlib.suppress(FileNotFoundError), path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                found.append(json.load(file))
            else:
                path.unlink(missing_ok=True)
    return found


def setting(variable: str, ready: Path | None = None) -> str:
    """What an environment variable is for the stack that is meant: the one whose ready-file is given, else that of the
    environment we are in, else the one that is running.

    Raises NoStack if there is none, or several, or if it lacks what is asked for.
    """
    if ready is None and os.environ.get(variable):
        return os.environ[variable]
    try:
        running = stacks() if ready is None else [json.loads(ready.read_text())]
    except (OSError, ValueError) as error:
        raise NoStack(f"{ready} is not the file that `./dev up --ready` wrote: {error}") from error
    if not running:
        raise NoStack(f"No stack is running: start one with ./dev up, or set {variable}.")
    if len(running) > 1:
        projects = ", ".join(f"{stack['project']} (Firestore at {stack['firestore']})" for stack in running)
        raise NoStack(f"Several stacks are running: {projects}. Name one with --ready FILE, or set {variable}.")
    value = running[0]["env"].get(variable)
    if not value:
        raise NoStack(f"The stack of {running[0]['project']} has no {variable}.")
    return str(value)
