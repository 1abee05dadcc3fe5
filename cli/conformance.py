"""Runs the Firestore client library's own system tests against the local Firestore: ./dev test-conformance.

The library's source distribution on PyPI contains them, so pip alone fetches the tests of the very version installed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from emulator.launch import launched

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "conformance"
CACHE = ROOT / ".cache" / "conformance"
PACKAGE = "google-cloud-firestore"
SUITES = ("test_system.py", "test_system_async.py")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many tests of the suite passed, were skipped by the suite itself, failed, or were deselected by us."""

    passed: int
    skipped: int
    failed: int
    deselected: int

    def __str__(self) -> str:
        return (
            f"{self.passed} passed, {self.failed} failed, {self.deselected} deselected by name, "
            f"{self.skipped} skipped by the suite itself on any emulator"
        )


def fetch_suite() -> Path:
    """The folder of the system tests of the installed client library, downloaded once; raises CalledProcessError."""
    release = version(PACKAGE)
    folder = CACHE / f"{PACKAGE}-{release}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=_made(CACHE)) as scratch:
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
            subprocess.run(
                [*pip, "--no-deps", "--no-binary", PACKAGE, "--dest", scratch, f"{PACKAGE}=={release}"], check=True
            )
            (archive,) = Path(scratch).glob("*.tar.gz")
            with tarfile.open(archive) as tar:
                tar.extractall(scratch, filter="data")
            (unpacked,) = (path for path in Path(scratch).iterdir() if path.is_dir())
            shutil.move(unpacked, folder)
    return folder / "tests" / "system"


def install_extras() -> Path:
    """The folder with what the suite imports and we do not; installed apart so that it cannot change our own tests."""
    requirements = DATA / "requirements.txt"
    folder = CACHE / f"extras-{hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=_made(CACHE)) as scratch:
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
            subprocess.run([*pip, "--target", f"{scratch}/extras", "-r", str(requirements)], check=True)
            shutil.move(f"{scratch}/extras", folder)
    return folder


def deselected_names() -> dict[str, str]:
    """The tests we do not run (FILE::TEST) and why, from tests/conformance/deselected.txt."""
    lines = (line.strip() for line in (DATA / "deselected.txt").read_text().splitlines())
    pairs = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    return {name: reason.strip() for name, reason in pairs}


def run_suite(folder: Path, environment: dict[str, str], extra: list[str]) -> Outcome:
    """Run the system tests in `folder` and count; raises LookupError when a deselected test does not exist."""
    collected = _collect(folder, environment)
    unwanted = []
    for name in deselected_names():
        matching = [test for test in collected if test.partition("[")[0] == name]
        if not matching:
            raise LookupError(f"{name} is deselected but not in the suite")
        unwanted += matching
    with tempfile.TemporaryDirectory() as scratch:
        tally = Path(scratch) / "tally.json"
        options = [f"--deselect={test}" for test in unwanted]
        command = [*_pytest(folder), f"--tally={tally}", *options, *extra, *SUITES]
        subprocess.run(command, cwd=folder, env=environment, check=False)
        outcomes = Counter(json.loads(tally.read_text()).values())
        return Outcome(outcomes["passed"], outcomes["skipped"], outcomes["failed"], len(unwanted))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./dev test-conformance", description=__doc__)
    parser.add_argument("--list", action="store_true", help="print the tests that are not run, with the reasons")
    options, extra = parser.parse_known_args(arguments)
    if options.list:
        for name, reason in deselected_names().items():
            print(f"{name}: {reason}")
        return 0
    folder, extras = fetch_suite(), install_extras()
    with launched("firestore") as firestore:
        environment = os.environ | {
            "FIRESTORE_EMULATOR_HOST": firestore.address,
            "GCLOUD_PROJECT": "demo-conformance",
            "PYTHONPATH": f"{extras}{os.pathsep}{DATA}",
        }
        outcome = run_suite(folder, environment, extra)
    print(f"{PACKAGE} {version(PACKAGE)} system tests: {outcome}")
    return 1 if outcome.failed or not outcome.passed else 0


def _pytest(folder: Path) -> list[str]:
    # Its own configuration: ours, found in a folder above, turns the suite's warnings into errors.
    return [sys.executable, "-m", "pytest", "-p", "tally", "-c", str(DATA / "pytest.ini"), "--rootdir", str(folder)]


def _collect(folder: Path, environment: dict[str, str]) -> list[str]:
    command = [*_pytest(folder), "--collect-only", *SUITES]
    listing = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout
    return [line.rpartition("/")[2] for line in listing.splitlines() if "::" in line]


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    raise SystemExit(main())
