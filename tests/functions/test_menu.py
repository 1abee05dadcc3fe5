"""The public menu over HTTP, and that nothing planted anywhere in an org's settings can come out of it."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from google.cloud.firestore import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.client import StackClient
from lib.domain.menu import public_menu
from lib.domain.settings import DEFAULT_SETTINGS, effective_settings, to_document
from tests.functions.conftest import Counter

SECRET = "SECRET-multiplier-1.2"

# Text that an owner writes to be read by everybody. Everything else of the settings is nobody's business.
PUBLIC_TEXTS = {
    ("tiers", "name"),
    ("tiers", "benefits"),
    ("discountPrograms", "name"),
    ("discountPrograms", "description"),
    ("menuDisplay", "loyaltyTagline"),
}


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where something can be planted: in place of any value that is not public text, and beside the fields of maps."""
    if isinstance(value, dict):
        yield (*path, "planted")
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, found in inner:
        names = tuple(name for name in (*path, step) if isinstance(name, str))
        if names not in PUBLIC_TEXTS:
            yield (*path, step)
            yield from places(found, (*path, step))


EVERYTHING = to_document(DEFAULT_SETTINGS)
for _program in EVERYTHING["discountPrograms"]:
    _program["enabled"] = True


@st.composite
def planted(draw: st.DrawFn) -> dict[str, Any]:
    """A stored settings document with the secret in some of those places, as text, in a list or in a map."""
    document = copy.deepcopy(EVERYTHING)
    for *path, last in draw(st.lists(st.sampled_from(list(places(EVERYTHING))), max_size=8)):
        shape = draw(st.sampled_from([SECRET, [SECRET], {"name": SECRET, SECRET: 1}]))
        target: Any = document
        try:
            for step in path:
                target = target[step]
            target[last] = shape
        except (KeyError, IndexError, TypeError):
            # An earlier planting has replaced what was on the way.
            continue
    return document


@settings(deadline=None, max_examples=100)
@given(stored=planted(), legacy=planted())
def test_nothing_planted_in_the_settings_comes_out(stored: dict[str, Any], legacy: dict[str, Any]) -> None:
    for menu in (effective_settings(stored, legacy), effective_settings(None, legacy)):
        assert "SECRET" not in json.dumps(public_menu(menu))


def read(counter: Counter, **headers: str) -> requests.Response:
    url = counter.stack.url("public_menu")
    return requests.get(url, params={"orgId": counter.org_id}, headers=headers, timeout=10)


class TestOverHttp:
    def test_shows_the_programme(self, counter: Counter) -> None:
        counter.write("update_loyalty_settings", settings={"pointsPerDollar": 2})
        answer = read(counter)
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
        assert answer.json()["pointsPerDollar"] == 2
        assert "equity" not in answer.text.lower()

    def test_may_be_cached_and_asked_for_again(self, counter: Counter) -> None:
        counter.write("update_loyalty_settings", settings={"pointsPerDollar": 2})
        first = read(counter)
        assert first.headers["Cache-Control"] == "public, max-age=60, stale-while-revalidate=300"
        again = read(counter, **{"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        counter.write("update_loyalty_settings", settings={"pointsPerDollar": 3})
        changed = read(counter, **{"If-None-Match": first.headers["ETag"]})
        assert (changed.status_code, changed.json()["pointsPerDollar"]) == (200, 3)

    def test_may_be_read_from_any_site(self, counter: Counter) -> None:
        counter.write("update_loyalty_settings", settings={"pointsPerDollar": 2})
        assert read(counter).headers["Access-Control-Allow-Origin"] == "*"
        preflight = requests.options(counter.stack.url("public_menu"), timeout=10)
        assert (preflight.status_code, preflight.headers["Access-Control-Allow-Methods"]) == (204, "GET, HEAD")

    def test_head_is_get_without_the_body(self, counter: Counter) -> None:
        counter.write("update_loyalty_settings", settings={"pointsPerDollar": 2})
        answer = requests.head(counter.stack.url("public_menu"), params={"orgId": counter.org_id}, timeout=10)
        assert (answer.status_code, answer.content, bool(answer.headers["ETag"])) == (200, b"", True)

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    def test_is_only_for_reading(self, counter: Counter, method: str) -> None:
        answer = requests.request(method, counter.stack.url("public_menu"), timeout=10)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
        assert answer.headers["Content-Type"] == "application/problem+json"

    def test_of_no_org_is_a_problem(self, stack: StackClient) -> None:
        answer = stack.get("public_menu", orgId="nowhere")
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json() == {
            "type": "about:blank",
            "title": "Not Found",
            "status": 404,
            "detail": "no such org",
            "reason": "unknown_org",
            "retryable": False,
        }

    @pytest.mark.parametrize("org_id", ["", "a/b", "x" * 129])
    def test_of_nothing_that_could_be_an_org_is_a_problem(self, stack: StackClient, org_id: str) -> None:
        answer = stack.get("public_menu", orgId=org_id)
        assert (answer.status_code, answer.json()["pointer"]) == (400, "/orgId")


def test_follows_what_the_dashboard_writes_itself(counter: Counter, firestore: Client) -> None:
    settings_document = firestore.document(f"tenants/{counter.org_id}/settings/loyalty")
    for rate in (4, 5):
        settings_document.set({"pointsPerDollar": rate, "apiKey": SECRET})
        counter.stack.drain()
        answer = read(counter)
        assert answer.json()["pointsPerDollar"] == rate
        assert SECRET not in answer.text
    settings_document.delete()
    counter.stack.drain()
    assert read(counter).json()["pointsPerDollar"] == 1
