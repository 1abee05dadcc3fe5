"""What is deployed is what main.py names is what docs/FUNCTIONS.md tells."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # comes with the functions SDK, without types
from firebase_functions.private import serving

_ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<kind>\w+)")
_KINDS = {
    "callableTrigger": "callable",
    "httpsTrigger": "HTTP",
    "eventTrigger": "event",
    "scheduleTrigger": "schedule",
    "taskQueueTrigger": "task",
}


@pytest.fixture(scope="module")
def endpoints(root: Path) -> dict[str, Any]:
    """The manifest as the Firebase CLI reads it."""
    with pytest.MonkeyPatch.context() as environment:
        environment.chdir(root)
        manifest = yaml.safe_load(serving.functions_as_yaml(serving.get_functions()))
    found: dict[str, Any] = manifest["endpoints"]
    return found


def test_main_names_every_deployed_function_and_nothing_else(root: Path, endpoints: dict[str, Any]) -> None:
    tree = ast.parse((root / "main.py").read_text())
    *imports, names = [node for node in tree.body if not isinstance(node, ast.Expr)]
    assert all(isinstance(node, ast.ImportFrom) and (node.module or "").startswith("functions.") for node in imports)
    assert isinstance(names, ast.Assign)
    assert sorted(ast.literal_eval(names.value)) == sorted(endpoints)


def test_the_page_of_functions_tells_of_every_deployed_function(root: Path, endpoints: dict[str, Any]) -> None:
    rows = (_ROW.match(line) for line in (root / "docs" / "FUNCTIONS.md").read_text().splitlines())
    told = {row["name"]: row["kind"] for row in rows if row}
    deployed = {
        name: next(kind for trigger, kind in _KINDS.items() if trigger in endpoint)
        for name, endpoint in endpoints.items()
    }
    assert told == deployed


def test_events_that_fail_are_delivered_again(endpoints: dict[str, Any]) -> None:
    events = {name: endpoint["eventTrigger"] for name, endpoint in endpoints.items() if "eventTrigger" in endpoint}
    assert events
    assert all(event["retry"] is True for event in events.values())


def test_every_function_runs_in_one_region_on_one_kind_of_instance(endpoints: dict[str, Any]) -> None:
    shapes = {
        (tuple(endpoint["region"]), endpoint["availableMemoryMb"], endpoint["concurrency"])
        for endpoint in endpoints.values()
    }
    assert shapes == {(("us-central1",), 512, 40)}
