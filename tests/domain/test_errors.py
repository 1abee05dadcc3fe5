"""The tree of errors: each says what kind it is, and only what may help by trying again is retryable."""

import pytest

from lib.domain import errors
from lib.domain.errors import ErrorKind, InvalidInput, PerennialError

LEAVES = [error for error in PerennialError.__subclasses__() if error.__module__ == errors.__name__]


@pytest.mark.parametrize("error", LEAVES)
def test_every_error_carries_its_message_and_reason(error: type[PerennialError]) -> None:
    raised = error("what went wrong", reason="why")

    assert str(raised) == raised.message == "what went wrong"
    assert raised.reason == "why"


def test_every_kind_has_exactly_one_error() -> None:
    assert sorted(error.kind for error in LEAVES) == sorted(ErrorKind)


def test_only_unavailable_is_retryable() -> None:
    assert [error for error in LEAVES if error.retryable] == [errors.Unavailable]


def test_invalid_input_names_the_field() -> None:
    assert InvalidInput("is wrong").pointer == ""
    assert InvalidInput("is wrong", pointer="/a").pointer == "/a"
