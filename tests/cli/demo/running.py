"""Runs the demo as people do."""

import os
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[3]


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the demo with a Firestore of its own, whatever the tests around it use."""
    environment = {name: value for name, value in os.environ.items() if name != "FIRESTORE_EMULATOR_HOST"}
    return subprocess.run(
        [sys.executable, "-m", "cli.demo", *arguments],
        cwd=_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
