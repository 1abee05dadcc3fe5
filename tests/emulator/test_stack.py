"""The stack as a context manager: what goes wrong at the start is said, with the log of the process concerned."""

import os
import signal
import time
from pathlib import Path

import pytest

from emulator.processes import ProcessFailed
from emulator.stack import Stack


def test_a_main_that_does_not_load_is_shown(firestore_emulator: str, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("raise RuntimeError('half-written')\n")
    with pytest.raises(ProcessFailed, match=r"(?s)functions ended with code 1:.*RuntimeError: half-written"):
        Stack("demo-broken", firestore=firestore_emulator, source=tmp_path, log_folder=tmp_path).start()


def test_a_folder_without_main_is_said(firestore_emulator: str, tmp_path: Path) -> None:
    with pytest.raises(ProcessFailed, match=r"there is no main\.py in"):
        Stack("demo-empty", firestore=firestore_emulator, source=tmp_path, log_folder=tmp_path).start()


def test_its_environment_names_project_and_addresses(
    firestore_emulator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FIREBASE_AUTH_EMULATOR_HOST", raising=False)
    with Stack("demo-named", firestore=firestore_emulator, with_functions=False, log_folder=tmp_path) as stack:
        assert stack.pids == {}
        assert stack.environment == {
            "FIRESTORE_EMULATOR_HOST": firestore_emulator,
            "FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:9099",
            "GCLOUD_PROJECT": "demo-named",
            "GOOGLE_CLOUD_PROJECT": "demo-named",
            "PERENNIAL_CLOCK_FILE": str(stack.clock.path),
        }


def test_a_process_that_ended_is_noticed(firestore_emulator: str, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text('"""No functions."""\n')
    with Stack("demo-killed", firestore=firestore_emulator, source=tmp_path, log_folder=tmp_path) as stack:
        stack.check()
        os.kill(stack.pids["functions"], signal.SIGKILL)
        deadline = time.monotonic() + 20
        with pytest.raises(ProcessFailed, match="functions ended with code -9"):
            while time.monotonic() < deadline:
                stack.check()
