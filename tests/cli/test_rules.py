"""`./dev rules`: what it prints and how it exits."""

import json
from pathlib import Path

import pytest

from cli.rules import main

GOOD = """rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents {
    match /{all=**} { allow read; }
  }
}"""


@pytest.mark.parametrize(
    ("source", "code", "line"),
    [
        (GOOD, 0, "accepted, 0 issues"),
        (GOOD.replace("allow read", "allow read: if nobody"), 0, ":4:38 WARNING Invalid variable name: nobody."),
        (GOOD.replace("allow", "alow"), 1, ":4:23 ERROR Unexpected 'alow'. Expected"),
        (GOOD.replace("read", "peek"), 1, "refused, 1 issue"),
    ],
)
def test_check(tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str, code: int, line: str) -> None:
    file = tmp_path / "firestore.rules"
    file.write_text(source)
    assert main(["--check", str(file)]) == code
    assert line in capsys.readouterr().out


def test_check_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "firestore.rules"
    file.write_text(GOOD.replace("read", "peek"))
    assert main(["--check", str(file), "--json"]) == 1
    (issue,) = json.loads(capsys.readouterr().out)["issues"]
    assert issue["severity"] == "ERROR"
    assert issue["sourcePosition"] == {"line": 4, "column": 23}


def test_check_takes_the_project_s_own_rules_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--check"]) == 2
    assert "firestore.rules" in capsys.readouterr().err
    Path("firestore.rules").write_text(GOOD)
    assert main(["--check"]) == 0


def test_unsupported_argues_each_entry(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--unsupported"]) == 0
    text = capsys.readouterr().out
    assert "Every construct of the public reference is supported." in text
    assert text.count("\n- ") == 7
