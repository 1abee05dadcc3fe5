"""A running stack and its rules file: followed as it changes, denials explained in the log, no start on nonsense."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator.firestore.__main__ import main
from emulator.stack import Stack
from tests.emulator.firestore.guarded import callers, code

_DEADLINE_SECONDS = 20
RULES = """rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents {
    match /notes/{note} {
      allow get: if request.auth.uid == note;
      allow get: if resource.data.shared == true;
    }
  }
}
"""


def _until(condition: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def test_a_stack_follows_its_rules_file_and_says_what_denied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    rules, log = tmp_path / "firestore.rules", tmp_path / "firestore.log"
    rules.write_text(RULES)
    with (
        Stack("demo-rules", source=tmp_path, with_functions=False, rules_trace=True, log_folder=tmp_path) as stack,
        callers(stack.firestore, "demo-rules") as as_,
    ):
        documents = "projects/demo-rules/databases/(default)/documents"

        def get(who: str) -> str:
            return code(lambda: as_(who).get_document({"name": f"{documents}/notes/ada"}))

        assert (get("ada"), get("ben")) == ("NOT_FOUND", "PERMISSION_DENIED")
        assert (
            "notes/ada for user 'ben'\nget denied\n"
            "  /databases/{database}/documents/notes/{note} L5: false\n"
            "  /databases/{database}/documents/notes/{note} L6: error at L6:"
        ) in log.read_text()
        rules.write_text(RULES.replace("shared == true", ""))
        _until(lambda: f"{rules}:6:" in log.read_text(), log)
        assert (get("ada"), get("ben")) == ("NOT_FOUND", "PERMISSION_DENIED")
        rules.write_text(RULES.replace("== note", "!= note"))
        assert (get("ada"), get("ben")) == ("PERMISSION_DENIED", "NOT_FOUND")


def test_no_start_on_rules_that_cannot_be_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rules = tmp_path / "firestore.rules"
    with caplog.at_level(logging.ERROR):
        assert main(["--port", "0", "--rules", str(rules)]) == 1
        rules.write_text("service cloud.firestore {")
        assert main(["--port", "0", "--rules", str(rules)]) == 1
    missing, wrong = (record.message for record in caplog.records)
    assert "No such file" in missing
    assert wrong.startswith(f"{rules}:1:")
