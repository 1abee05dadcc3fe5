"""Which database a command works on, and visiting an org's members there one by one without one stopping the others."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cli.up import FIRESTORE_PORT
from emulator.stack import PROJECT
from lib.domain.errors import PerennialError
from lib.platform.transient import TRANSIENT

Result = TypeVar("Result")

_TRIES = 3


def connect(ready: Path | None) -> None:
    """Points the environment at FIRESTORE_EMULATOR_HOST, if set; else at the real project of GOOGLE_CLOUD_PROJECT; else
    at the stack that `./dev up` runs on its usual port. `ready`: at the stack that wrote this file."""
    if ready is not None:
        os.environ.update(json.loads(ready.read_text())["env"])
    elif not os.environ.get("FIRESTORE_EMULATOR_HOST") and not os.environ.get("GOOGLE_CLOUD_PROJECT"):
        os.environ["FIRESTORE_EMULATOR_HOST"] = f"127.0.0.1:{FIRESTORE_PORT}"
    os.environ.setdefault("GOOGLE_CLOUD_PROJECT", PROJECT)


def where() -> str:
    """Where that is, in words."""
    host = os.environ.get("FIRESTORE_EMULATOR_HOST")
    place = f"the local Firestore at {host}" if host else "the REAL Firestore"
    database = os.environ.get("FIRESTORE_DATABASE", "(default)")
    return f"Project {os.environ['GOOGLE_CLOUD_PROJECT']}, database {database}, on {place}."


def tried(visit: Callable[[str], Result], member_id: str) -> Result | str:
    """What visiting a member returns, or the kind of error that it ended in."""
    for attempt in range(_TRIES):
        try:
            return visit(member_id)
        except PerennialError as error:
            if error.retryable and attempt < _TRIES - 1:
                continue
            return error.reason or error.kind.value
        except TRANSIENT as error:
            if attempt == _TRIES - 1:
                return type(error).__name__
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            # A document of ours that somebody has damaged.
            return type(error).__name__
    raise AssertionError("the last try returns")
