"""What is said again within a minute and stands is no entry; what could change anything always is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.consent import ConsentEvent, ConsentKind, ConsentSource, ConsentState, applied, is_repetition

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LINK, STAFF = ConsentSource.SIGNED_LINK, ConsentSource.STAFF
OUT, IN = ConsentKind.MARKETING_WITHDRAWN, ConsentKind.MARKETING_GRANTED


def event(kind: ConsentKind, second: int, source: ConsentSource = LINK) -> ConsentEvent:
    at = NOW + timedelta(seconds=second)
    return ConsentEvent(kind, source, at, at)


def state(*events: ConsentEvent) -> ConsentState:
    found = ConsentState()
    for each in events:
        found = applied(found, each)
    return found


@pytest.mark.parametrize(
    ("before", "new", "repeats"),
    [
        ((), event(OUT, 0), False),
        ((event(OUT, 0),), event(OUT, 0), True),
        ((event(OUT, 0),), event(OUT, 59), True),
        ((event(OUT, 0),), event(OUT, 60), False),
        ((event(OUT, 0),), event(OUT, -1), False),
        ((event(OUT, 0),), event(ConsentKind.ALL_WITHDRAWN, 1), False),
        ((event(OUT, 0), event(IN, 10)), event(OUT, 20), False),
        ((event(OUT, 0), event(IN, 10)), event(IN, 20), True),
        ((event(IN, 0), event(OUT, 10)), event(IN, 20), False),
        ((event(IN, 0),), event(IN, 10, STAFF), False),
        ((event(IN, 0, STAFF),), event(IN, 10, STAFF), False),
        ((event(IN, 0, STAFF),), event(IN, 10), False),
    ],
)
def test_what_is_a_repetition(before: tuple[ConsentEvent, ...], new: ConsentEvent, repeats: bool) -> None:
    assert is_repetition(state(*before), new) is repeats


EVENTS = st.builds(
    event,
    st.sampled_from(list(ConsentKind)),
    st.integers(0, 200),
    st.sampled_from([LINK, STAFF]),
)


@given(st.lists(EVENTS, max_size=8), EVENTS)
def test_leaving_a_repetition_out_changes_nobodys_standing(events: list[ConsentEvent], new: ConsentEvent) -> None:
    before = state(*events)
    after = applied(before, new)
    if is_repetition(before, new):
        assert standing(after) == standing(before)


def standing(found: ConsentState) -> tuple[Any, ...]:
    return found.is_stopped, found.is_opted_out, found.has_complained, found.is_undeliverable, found.is_granted
