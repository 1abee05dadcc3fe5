"""A pytest plugin that writes how each test ended to a JSON file; subtests are not counted as tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

_outcomes: dict[str, str] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--tally", type=Path, help="the file to write {test: passed|skipped|failed} to")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if type(report) is pytest.TestReport:
        if report.when == "call" or report.outcome != "passed":
            _outcomes[report.nodeid] = report.outcome
    elif report.outcome == "failed":
        _outcomes[report.nodeid] = "failed"


def pytest_sessionfinish(session: pytest.Session) -> None:
    path = session.config.getoption("--tally")
    if path is not None:
        path.write_text(json.dumps(_outcomes))
