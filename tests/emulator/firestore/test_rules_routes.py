"""Rules over HTTP: a project's rules are put in force or reported wrong, and their coverage is told."""

from __future__ import annotations

from functools import partial

import requests
from google.cloud.firestore import Client

from tests.emulator.firestore.guarded import RULES, As, code, put_rules

WRONG = "rules_version = '2';\nservice cloud.firestore { match /a/{b} { allow read: if; } }"


def test_accepted_rules_are_in_force_at_once(firestore_emulator: str, project: str, as_: As, documents: str) -> None:
    asked = {"name": f"{documents}/notes/missing"}
    assert code(lambda: as_("ada").get_document(asked)) == "NOT_FOUND"
    answer = put_rules(firestore_emulator, project, "rules_version = '2'; service cloud.firestore {}")
    assert (answer.status_code, answer.json()) == (200, {"issues": []})
    assert code(lambda: as_("ada").get_document(asked)) == "PERMISSION_DENIED"


def test_wrong_rules_are_reported_and_the_old_ones_stay(
    firestore_emulator: str, project: str, as_: As, documents: str
) -> None:
    for only_report, status in ((False, 400), (True, 200)):
        answer = put_rules(firestore_emulator, project, WRONG, ignore_errors=only_report)
        assert answer.status_code == status
        (issue,) = answer.json()["issues"]
        assert (issue["severity"], issue["sourcePosition"]["line"]) == ("ERROR", 2)
    assert code(lambda: as_("ada").get_document({"name": f"{documents}/notes/missing"})) == "NOT_FOUND"


def test_what_is_no_request_is_refused(firestore_emulator: str, project: str) -> None:
    url = f"http://{firestore_emulator}/emulator/v1/projects/{project}:securityRules"
    for body in ("", "[]", "{}", '{"rules": {"files": []}}', '{"rules": {"files": [{"content": 5}]}}', "[" * 100_000):
        assert requests.put(url, data=body, timeout=30).status_code == 400


def test_coverage_tells_what_expressions_came_to(
    firestore_emulator: str, project: str, as_: As, documents: str, client: Client
) -> None:
    client.document("notes/hers").set({"owner": "ada"})
    for who in ("ada", "ben"):
        code(partial(as_(who).get_document, {"name": f"{documents}/notes/hers"}))
    url = f"http://{firestore_emulator}/emulator/v1/projects/{project}:ruleCoverage"
    report = requests.get(url, timeout=30).json()
    assert report["rules"]["files"][0]["content"] == RULES
    values = {str(entry["value"]): entry["count"] for entry in report["report"][0]["values"]}
    assert values == {"{'boolValue': True}": 1, "{'boolValue': False}": 1}
    page = requests.get(f"{url}.html", timeout=30)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "<mark" in page.text
    assert "never evaluated" in page.text
