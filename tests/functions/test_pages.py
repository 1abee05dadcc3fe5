"""Pages for people: nothing in them runs, nobody floods them, and what goes wrong is said in a sentence."""

from collections.abc import Iterator

import flask
import pytest
from flask import Request, Response
from werkzeug.test import EnvironBuilder

from functions import edge
from functions.edge.pages import FORM_BYTES_MAX, VISITS_PER_MINUTE, Button, Endpoint, Visit, page
from lib.domain.errors import Unavailable


def greeting(visit: Visit) -> Response:
    match visit.query.get("do"):
        case "wait":
            raise Unavailable("busy")
        case "break":
            raise ValueError("with a secret in it")
    return page("Hello", [visit.form.get("name", "nobody")])


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with flask.Flask("tests").app_context():
        yield edge.on_page(greeting)


def ask(
    endpoint: Endpoint, do: str = "", *, forwarded: str = "203.0.113.7", method: str = "GET", **form: str
) -> Response:
    headers = [("X-Forwarded-For", forwarded)]
    builder = EnvironBuilder(path="/", query_string={"do": do}, method=method, headers=headers, data=form or None)
    return endpoint(Request(builder.get_environ()))


def test_words_are_shown_as_they_are() -> None:
    script = "<script>alert('x')</script>"
    text = page(script, [script, '"><img src=x>'], Button('"><b>', '"x"', "'>")).get_data(as_text=True)
    assert not any(tag in text for tag in ("<script", "<img", "<b>", '""x"'))
    assert text.count("&lt;script&gt;") == 3


def test_a_form_is_read_and_an_endless_one_is_not(endpoint: Endpoint) -> None:
    assert "Ann" in ask(endpoint, method="POST", name="Ann").get_data(as_text=True)
    assert ask(endpoint, method="POST", name="x" * FORM_BYTES_MAX).status_code == 413
    assert ask(endpoint, method="DELETE").status_code == 405


@pytest.mark.parametrize(("do", "status"), [("wait", 503), ("break", 500)])
def test_what_goes_wrong_is_told_without_details(endpoint: Endpoint, do: str, status: int) -> None:
    answer = ask(endpoint, do)
    assert (answer.status_code, "secret" in answer.get_data(as_text=True)) == (status, False)


def test_a_flood_is_turned_away_and_nobody_else(endpoint: Endpoint) -> None:
    # A minute may end in between and counting begin anew, once.
    visitors = (f"spoofed-{number}, 203.0.113.7" for number in range(VISITS_PER_MINUTE * 3))
    told = [ask(endpoint, forwarded=visitor).status_code for visitor in visitors]
    assert told[:VISITS_PER_MINUTE] == [200] * VISITS_PER_MINUTE
    assert set(told) == {200, 429}
    assert ask(endpoint, forwarded="203.0.113.8").status_code == 200
