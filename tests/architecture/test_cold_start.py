"""What an instance loads before its first request: nothing that only some functions need, by count and not by time.

Every instance imports all of main.py and then serves one function of it. `./dev bench imports` tells the time.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

_LOADED = "import json, sys; import main; print(json.dumps(sorted(sys.modules)))"
_OURS_MAX = 220
"""Some 0.7 ms each to execute, 1.2 ms to compile: at three times as many the budget of README would be spent."""


@pytest.fixture(scope="module")
def loaded(root: Path) -> list[str]:
    """The names of all modules that are loaded once main is."""
    done = subprocess.run(
        [sys.executable, "-c", _LOADED], cwd=root, capture_output=True, text=True, timeout=60, check=True
    )
    names: list[str] = json.loads(done.stdout)
    return names


@pytest.mark.parametrize(
    "heavy",
    [
        "tenacity",
        "liquid",
        "phonenumbers",
        "email_validator",
        "google.cloud.tasks_v2",
        "lib.vendors",
        "lib.domain.invariants",
        "lib.usecases.audit",
        "lib.usecases.consents",
        "lib.usecases.engagement",
        "lib.usecases.pos.pulling",
        "lib.usecases.pos.webhook",
        "lib.usecases.pushes",
        "lib.usecases.reconciliation.asking",
        "lib.usecases.reconciliation.showing",
        "lib.usecases.reconciliation.syncing",
        "lib.usecases.sending.emails",
        "lib.usecases.sending.tasks",
        "lib.usecases.sending.texts",
    ],
)
def test_what_some_functions_need_is_loaded_by_them(loaded: list[str], heavy: str) -> None:
    # Its own name may belong to a package whose __init__ is a door and no more; what is behind it does not.
    assert [name for name in loaded if name == heavy or name.startswith(f"{heavy}.")] == []


def test_few_of_our_modules_are_loaded(loaded: list[str]) -> None:
    ours = [name for name in loaded if name.partition(".")[0] in ("main", "functions", "lib")]
    assert 100 < len(ours) <= _OURS_MAX, "import use cases where they are used, as functions/pushes.py does"
