"""Lists read in pages: complete or a fault, whatever a server does with its pages."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.vendors.errors import Malformed
from lib.vendors.paging import PageGuard, by_number, by_offset

SIZE = 10


def offset_server(count: int) -> Callable[[int], Sequence[str]]:
    items = [str(number) for number in range(count)]
    return lambda start: items[start : start + SIZE]


def number_server(count: int) -> Callable[[int], Sequence[str]]:
    items = [str(number) for number in range(count)]
    return lambda number: items[(number - 1) * SIZE : number * SIZE]


def listed(pages: object) -> list[str]:
    return [item for page in pages for item in page]  # type: ignore[attr-defined]  # any iterator of pages


@given(st.integers(0, 55))
def test_all_items_come_once(count: int) -> None:
    expected = [str(number) for number in range(count)]
    assert listed(by_offset("acme", offset_server(count), str)) == expected
    assert listed(by_number("acme", number_server(count), str, SIZE)) == expected


@given(count=st.integers(1, 55), cuts=st.lists(st.integers(1, SIZE), min_size=1, max_size=20))
def test_cut_pages_lose_nothing_by_offset(count: int, cuts: list[int]) -> None:
    whole, waiting = offset_server(count), list(cuts)

    def fetch(start: int) -> Sequence[str]:
        return whole(start)[: waiting.pop() if waiting else SIZE]

    assert listed(by_offset("acme", fetch, str)) == [str(number) for number in range(count)]


def test_a_page_cut_once_is_asked_for_again_by_number() -> None:
    whole, asked = number_server(25), []

    def fetch(number: int) -> Sequence[str]:
        asked.append(number)
        return whole(number)[: 5 if asked == [1, 2] else SIZE]

    assert listed(by_number("acme", fetch, str, SIZE)) == [str(number) for number in range(25)]
    assert asked == [1, 2, 3, 2, 4]


def test_a_page_that_stays_cut_is_a_fault() -> None:
    whole = number_server(25)
    pages = by_number("acme", lambda number: whole(number)[: 5 if number == 2 else SIZE], str, SIZE)
    assert len(next(pages)) == SIZE
    with pytest.raises(Malformed) as raised:
        next(pages)
    assert raised.value.reason == "short_page"


@pytest.mark.parametrize("count", [20, 25])
def test_a_server_that_gives_the_first_page_for_ever_is_a_fault(count: int) -> None:
    by_start, by_page = offset_server(count), number_server(count)
    for pages in (
        by_offset("acme", lambda start: by_start(0), str),
        by_number("acme", lambda number: by_page(1), str, SIZE),
    ):
        with pytest.raises(Malformed) as raised:
            listed(pages)
        assert raised.value.reason == "page_repeated"


def test_pages_that_go_in_a_circle_are_a_fault() -> None:
    whole = offset_server(30)
    with pytest.raises(Malformed):
        listed(by_offset("acme", lambda start: whole(start % 30), str))
    by_page = number_server(30)
    with pytest.raises(Malformed):
        listed(by_number("acme", lambda number: by_page((number - 1) % 3 + 1), str, SIZE))


def test_a_server_that_answers_numbers_beyond_the_last_with_the_last_is_at_its_end() -> None:
    whole = number_server(25)
    pages = by_number("acme", lambda number: whole(min(number, 3)), str, SIZE)
    assert listed(pages) == [str(number) for number in range(25)]


def test_a_list_that_shifts_meanwhile_is_read_on_and_its_repetitions_are_counted() -> None:
    guard = PageGuard("acme")
    guard.admit(["a", "b", "c"])
    guard.admit(["c", "d", "d"])
    assert guard.repeated == 2


def test_a_list_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.vendors.paging._PAGES_MAX", 50)
    with pytest.raises(Malformed):
        listed(by_offset("acme", lambda start: [str(start)], str))
