"""Lists read in pages: complete or a fault, whatever a server does with its pages."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lib.vendors.errors import Malformed
from lib.vendors.paging import by_number, by_offset

SIZE = 10


def offset_server(count: int) -> Callable[[int], Sequence[str]]:
    items = [str(number) for number in range(count)]
    return lambda start: items[start : start + SIZE]


def number_server(count: int) -> Callable[[int, int], Sequence[str]]:
    items = [str(number) for number in range(count)]
    return lambda number, size: items[(number - 1) * size : number * size]


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


@given(count=st.integers(1, 55), cut=st.integers(1, 6), length=st.integers(1, SIZE))
def test_a_page_cut_once_is_asked_for_again_by_number(count: int, cut: int, length: int) -> None:
    whole, waiting = number_server(count), [length]

    def fetch(number: int, size: int) -> Sequence[str]:
        page = whole(number, size)
        return page[: waiting.pop()] if number == cut and size == SIZE and waiting else page

    assert listed(by_number("acme", fetch, str, SIZE)) == [str(number) for number in range(count)]


@pytest.mark.parametrize("cut", [2, 3])
def test_a_page_that_stays_cut_is_a_fault(cut: int) -> None:
    whole = number_server(25)
    pages = by_number("acme", lambda number, size: whole(number, size)[: 4 if number == cut else size], str, SIZE)
    with pytest.raises(Malformed) as raised:
        listed(pages)
    assert raised.value.reason == "short_page"


def test_a_page_that_is_cut_to_nothing_when_asked_for_again_is_a_fault() -> None:
    waiting = [["0", "1"]]

    def fetch(number: int, size: int) -> Sequence[str]:
        return ["2"] if size == 1 else waiting.pop() if waiting else []

    with pytest.raises(Malformed) as raised:
        listed(by_number("acme", fetch, str, SIZE))
    assert raised.value.reason == "short_page"


def test_a_list_that_grows_while_its_end_is_looked_at_is_read_with_what_came() -> None:
    asked = []

    def fetch(number: int, size: int) -> Sequence[str]:
        asked.append((number, size))
        return number_server(13 if len(asked) < 3 else 14)(number, size)

    assert len(listed(by_number("acme", fetch, str, SIZE))) == 14
    assert asked == [(1, 10), (2, 10), (14, 1), (2, 10), (15, 1)]


@pytest.mark.parametrize("count", [20, 25])
def test_a_server_that_gives_the_first_page_for_ever_is_a_fault(count: int) -> None:
    by_start, by_page = offset_server(count), number_server(count)
    for pages in (
        by_offset("acme", lambda start: by_start(0), str),
        by_number("acme", lambda number, size: by_page(1, size), str, SIZE),
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
        listed(by_number("acme", lambda number, size: by_page((number - 1) % 3 + 1, size), str, SIZE))


@pytest.mark.parametrize("count", [21, 25])
@pytest.mark.parametrize("heeds_size", [True, False])
def test_a_server_that_answers_numbers_beyond_the_last_with_the_last_is_at_its_end(
    heeds_size: bool, count: int
) -> None:
    items = [str(number) for number in range(count)]

    def fetch(number: int, size: int) -> Sequence[str]:
        size = size if heeds_size else SIZE
        return items[(min(number, -(-count // size)) - 1) * size :][:size]

    assert listed(by_number("acme", fetch, str, SIZE)) == items


def test_a_list_that_shifts_meanwhile_is_read_on() -> None:
    pages = {0: ["a", "b"], 2: ["b", "c"], 4: []}
    assert listed(by_offset("acme", lambda start: pages[start], str)) == ["a", "b", "b", "c"]


@given(count=st.integers(1, 45), doubled=st.sets(st.integers(0, 44)))
@example(count=44, doubled={0, 1, 2, 3, 4, 5, 43})
def test_items_that_come_twice_hide_no_others(count: int, doubled: set[int]) -> None:
    """Whether the server doubles what it sends or has it twice."""
    by_start, by_page = offset_server(count), number_server(count)
    twice = [item for n in range(count) for item in [str(n)] * (2 if n in doubled else 1)]

    def sent_twice(page: Sequence[str]) -> Sequence[str]:
        return [item for item in page for _ in range(2 if int(item) in doubled else 1)]

    everything = {str(number) for number in range(count)}
    assert set(listed(by_offset("acme", lambda start: sent_twice(by_start(start)), str))) == everything
    by_numbers = by_number("acme", lambda number, size: sent_twice(by_page(number, size)), str, SIZE)
    assert set(listed(by_numbers)) == everything
    in_it_twice = by_number("acme", lambda number, size: twice[(number - 1) * size : number * size], str, SIZE)
    assert set(listed(in_it_twice)) == everything
    try:
        assert set(listed(by_offset("acme", lambda start: twice[start : start + SIZE], str))) == everything
    except Malformed:
        # More of them than a page holds is a page that holds nothing new.
        assert len(twice) - count >= SIZE


def test_a_list_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.vendors.paging._PAGES_MAX", 50)
    with pytest.raises(Malformed):
        listed(by_offset("acme", lambda start: [str(start)], str))
