"""REST: a streamed answer whose method fails at its first or at a later response, or has none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from emulator.firestore.errors import FirestoreError, aborted
from emulator.firestore.rest.arrays import array_response
from emulator.firestore.wire import Document, Message


async def _responses(names: list[str], error: Exception | None) -> AsyncIterator[Message]:
    for name in names:
        yield Document(name=name)
    if error is not None:
        raise error


def _answer(names: list[str], error: Exception | None = None) -> Any:
    async def whole() -> str:
        response = await array_response(_responses(names, error))
        return "".join([str(part) async for part in response.body_iterator])

    return json.loads(asyncio.run(whole()))


def test_responses_are_elements() -> None:
    assert _answer([]) == []
    assert _answer(["a"]) == [{"name": "a"}]
    assert _answer(["a", "b"]) == [{"name": "a"}, {"name": "b"}]


def test_an_error_at_once_is_raised_for_the_http_status() -> None:
    with pytest.raises(FirestoreError, match="no more"):
        _answer([], aborted("no more"))


def test_a_later_error_is_the_last_element(caplog: pytest.LogCaptureFixture) -> None:
    error = {"code": 409, "message": "no more", "status": "ABORTED"}
    assert _answer(["a"], aborted("no more")) == [{"name": "a"}, {"error": error}]
    (_, fault) = _answer(["a"], KeyError("x"))
    assert (fault["error"]["code"], fault["error"]["status"]) == (500, "INTERNAL")
    assert "KeyError" in caplog.text
