"""Which rules are in force: a file's, followed as it changes, or a project's own; a mistake never opens anything."""

import logging
from pathlib import Path

import pytest

from emulator.firestore.rulebook import Rulebook
from emulator.firestore.rules import RulesSyntaxError

OPEN = "rules_version = '2'; service cloud.firestore { match /{all=**} { allow read; } }"
SHUT = "rules_version = '2'; service cloud.firestore {}"
WRONG = "rules_version = '2';\nservice cloud.firestore {\n  match /x/{y} { allow read: if ; }\n}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "firestore.rules"
    path.write_text(OPEN)
    return path


def source(book: Rulebook, project: str = "demo") -> str | None:
    rules = book.of(project)
    return None if rules is None else rules.source


def test_without_a_file_a_project_is_open_until_it_is_given_rules() -> None:
    book = Rulebook()
    assert source(book) is None
    book.give("demo", SHUT)
    assert source(book) == SHUT
    assert source(book, "other") is None


def test_a_project_s_own_rules_come_before_the_file_s(file: Path) -> None:
    book = Rulebook(file)
    book.give("demo", SHUT)
    assert (source(book), source(book, "other")) == (SHUT, OPEN)


def test_a_changed_file_is_taken_over_and_told_of(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    book = Rulebook(file)
    told: list[str | None] = []
    book.on_change(lambda: told.append(source(book)))
    book.refresh()
    with caplog.at_level(logging.INFO):
        file.write_text(SHUT)
        assert source(book) == SHUT
    assert told == [SHUT]
    assert f"{file} was loaded again" in caplog.text


def test_a_syntax_error_keeps_the_last_good_rules_and_says_where(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    book = Rulebook(file)
    told: list[None] = []
    book.on_change(lambda: told.append(None))
    file.write_text(WRONG)
    assert source(book) == source(book) == OPEN
    assert [f"{file}:3:" in record.message for record in caplog.records] == [True]
    file.write_text(SHUT)
    assert (source(book), len(told)) == (SHUT, 1)


def test_a_file_that_has_gone_keeps_the_last_good_rules(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    book = Rulebook(file)
    file.unlink()
    assert source(book) == OPEN
    file.write_bytes(b"\xff")
    assert source(book) == OPEN
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]


def test_wrong_rules_given_to_a_project_change_nothing() -> None:
    book = Rulebook()
    book.give("demo", OPEN)
    with pytest.raises(RulesSyntaxError):
        book.give("demo", WRONG)
    assert source(book) == OPEN


def test_a_server_does_not_start_on_rules_it_cannot_use(file: Path) -> None:
    file.write_text(WRONG)
    with pytest.raises(RulesSyntaxError):
        Rulebook(file)
    with pytest.raises(FileNotFoundError):
        Rulebook(file.with_name("missing"))
