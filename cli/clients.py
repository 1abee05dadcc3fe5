"""Runs JavaScript clients from npm against the local stack: ./dev test-clients [FILE...].

The versions are pinned in tests/clients/package-lock.json. The tests are run by Node's own runner.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

from emulator.stack import Stack

CLIENTS = Path(__file__).parents[1] / "tests" / "clients"
_LOCK = CLIENTS / "package-lock.json"
_STAMP = CLIENTS / "node_modules" / ".installed"


def install() -> None:
    """Bring node_modules to what the lock file says, if it is not there yet; raises CalledProcessError."""
    wanted = hashlib.sha256(_LOCK.read_bytes()).hexdigest()
    if _STAMP.exists() and _STAMP.read_text() == wanted:
        return
    # No package's own scripts: none of these needs one, and they would run with our rights.
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=CLIENTS, check=True)
    _STAMP.write_text(wanted)


def run(names: list[str]) -> int:
    """Start the stack on free ports, run the tests of these files, of all if there are none; Node's exit code."""
    files = names or sorted(path.name for path in CLIENTS.glob("*.test.mjs"))
    # No index check: what these tests ask is none of the product's queries.
    with Stack(f"demo-clients-{uuid.uuid4().hex[:8]}", index_check=False) as stack:
        environment = {
            **os.environ,
            **stack.environment,
            "FUNCTIONS_ADDRESS": stack.functions,
            "STACK_PROJECT": stack.project,
        }
        return subprocess.run(["node", "--test", *files], cwd=CLIENTS, env=environment, check=False).returncode


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./dev test-clients", description=__doc__)
    parser.add_argument("files", nargs="*", metavar="FILE", help="such as lite.test.mjs; all if none is named")
    options = parser.parse_args(arguments)
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        print(f"./dev test-clients needs {' and '.join(missing)} (Node 20 or later)", file=sys.stderr)
        return 2
    install()
    return run(options.files)


if __name__ == "__main__":
    raise SystemExit(main())
