"""Makes sure that pages read one after the other are all there is: a list that merely stops is not complete.

A cut-off list looks like a short one, and whoever is not on it looks like somebody who left. So a list ends only where
the vendor says that nothing follows, and a page that brings nothing new is a fault and never an end.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from lib.vendors.errors import Malformed

Item = TypeVar("Item")

_PAGES_MAX = 20_000
_SHORT_PAGE_TRIES = 3


class PageGuard:
    """Sees the ids of every page of one list."""

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor
        self._seen: set[str] = set()
        self._pages = 0

    def is_new(self, ids: Iterable[str]) -> bool:
        """Take note of a page; whether it holds anything that was not seen before."""
        before = len(self._seen)
        self._seen.update(ids)
        self._pages += 1
        return len(self._seen) > before and self._pages <= _PAGES_MAX

    def repeated(self) -> Malformed:
        """What a page that holds nothing new is."""
        return Malformed(self._vendor, "gives the same page again", reason="page_repeated")


def by_offset(
    vendor: str,
    fetch: Callable[[int], Sequence[Item]],
    id_of: Callable[[Item], str],
) -> Iterator[Sequence[Item]]:
    """Pages of a list that is asked for by offset, up to the first empty one, which is asked for too.

    The next offset counts what came and not what was asked for, so half a page costs a request and no items. An item
    that comes twice in a page counts once: to read some again does no harm, to pass over others does. If it is there
    twice indeed, the end of the list comes twice, and then nothing.
    """
    guard = PageGuard(vendor)
    offset = again = 0
    while page := fetch(offset):
        ids = {id_of(item) for item in page}
        if guard.is_new(ids):
            yield page
            offset += len(ids)
            again += len(page) - len(ids)
        elif len(page) <= again and not fetch(offset + len(page)):
            return
        else:
            raise guard.repeated()


def by_number(
    vendor: str,
    fetch: Callable[[int, int], Sequence[Item]],
    id_of: Callable[[Item], str],
    page_size: int,
) -> Iterator[Sequence[Item]]:
    """Pages of a list that is asked for by page number from 1, `fetch(number, size)`, up to the end.

    After a short page the item that would be the next one is asked for, as a page of one. If there is one, the page was
    cut: it is asked for again. Raises Malformed (short_page) if it stays so.
    """
    guard = PageGuard(vendor)
    number = 1
    while page := fetch(number, page_size):
        if len(page) < page_size:
            page = _whole(vendor, fetch, id_of, number, page, page_size)
        is_last = len(page) < page_size
        if guard.is_new(id_of(item) for item in page):
            yield page
        elif not is_last:
            raise guard.repeated()
        if is_last:
            # Also one that only repeats: nothing follows it, so it is the end of a list that has items twice.
            return
        number += 1


def _whole(
    vendor: str,
    fetch: Callable[[int, int], Sequence[Item]],
    id_of: Callable[[Item], str],
    number: int,
    page: Sequence[Item],
    page_size: int,
) -> Sequence[Item]:
    """The page, once it is full or nothing follows it; it may have been cut, or have grown meanwhile."""
    for _ in range(_SHORT_PAGE_TRIES):
        if len(page) >= page_size:
            return page
        following = fetch((number - 1) * page_size + len(page) + 1, 1)
        # Some servers answer numbers beyond the last page with the last.
        if page and (not following or id_of(following[-1]) == id_of(page[-1])):
            return page
        page = fetch(number, page_size)
    raise Malformed(vendor, "gives a page that is short though more follow", reason="short_page")
