"""Security rules over HTTP: put a project's rules in force, and see which of their expressions were ever evaluated."""

from __future__ import annotations

import html
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from emulator.firestore.rulebook import Rulebook
from emulator.firestore.rules import Issue, Ruleset, RulesSyntaxError

_PROJECT = "/emulator/v1/projects/{project}"
_BAD_REQUEST = 400


def rules_routes(rulebook: Rulebook) -> list[BaseRoute]:
    """`PUT ...:securityRules` and `GET ...:ruleCoverage[.html]`, as the official emulator has them."""

    async def put(request: Request) -> Response:
        # Clients send JSON under whatever content type they like, text/plain among them.
        body = await request.body()
        source, only_report = _parse(body)
        if source is None:
            return PlainTextResponse('{"rules": {"files": [{"content": "..."}]}} is wanted.\n', _BAD_REQUEST)
        try:
            ruleset = rulebook.give(request.path_params["project"], source)
        except RulesSyntaxError as error:
            return JSONResponse(_issues(error.issues), 200 if only_report else _BAD_REQUEST)
        return JSONResponse(_issues(ruleset.warnings))

    async def coverage(request: Request) -> Response:
        ruleset = rulebook.of(request.path_params["project"])
        return JSONResponse({"rules": {"files": []}, "report": []} if ruleset is None else ruleset.coverage.to_json())

    async def coverage_page(request: Request) -> Response:
        return HTMLResponse(_page(rulebook.of(request.path_params["project"])))

    return [
        Route(f"{_PROJECT}:securityRules", put, methods=["PUT"]),
        Route(f"{_PROJECT}:ruleCoverage.html", coverage_page, methods=["GET"]),
        Route(f"{_PROJECT}:ruleCoverage", coverage, methods=["GET"]),
    ]


def _parse(body: bytes) -> tuple[str | None, bool]:
    """The rules in a request, None when it has none, and whether mistakes in them are to be answered with 200."""
    try:
        message: Any = json.loads(body)
        content = message["rules"]["files"][0]["content"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return None, False
    return (content if isinstance(content, str) else None), message.get("ignore_errors") is True


def _issues(issues: list[Issue] | tuple[Issue, ...]) -> dict[str, Any]:
    return {"issues": [issue.to_json() for issue in issues]}


def _page(ruleset: Ruleset | None) -> str:
    """The rules with the lines marked that requests have not exercised in full."""
    if ruleset is None:
        return "<!doctype html><title>Rule coverage</title><p>No rules: everything is allowed.</p>"
    missing: dict[int, list[str]] = {}
    for gap in ruleset.coverage.gaps():
        missing.setdefault(gap.line, []).append(f"{gap.missing}: {gap.text}")
    lines = []
    for number, line in enumerate(ruleset.source.splitlines(), 1):
        text = f"{number:4}  {html.escape(line)}"
        gaps = html.escape("; ".join(missing.get(number, ())), quote=True)
        lines.append(f'<mark title="{gaps}">{text}</mark>' if gaps else text)
    verdict = f"{len(missing)} lines are not covered in full; point at one to see what is missing."
    return f"<!doctype html><title>Rule coverage</title><p>{verdict}</p><pre>{chr(10).join(lines)}</pre>"
