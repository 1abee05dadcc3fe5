"""A run of entries that was tampered with is noticed, wherever it was."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from lib.domain.chain import Link, before, first_break
from lib.domain.ledger import Entry, EntryKind, Journal, entry_hash
from tests.domain.redeeming import held, journal_with


def ledger() -> tuple[Journal, list[Entry]]:
    """A journal and its entries, newest first."""
    journal = journal_with(300, lots=((10, 1), (20, 2), (30, 3)))
    held(journal, 250)
    return journal, journal.entries[::-1]


def head(journal: Journal) -> Link:
    return Link(journal.account.seq, journal.account.head_hash)


def test_an_untouched_ledger_is_sound_in_pages_of_any_size() -> None:
    journal, entries = ledger()
    for size in range(1, len(entries) + 1):
        link: Link | None = head(journal)
        for start in range(0, len(entries), size):
            page = entries[start : start + size]
            assert link is not None
            assert first_break(link, page) is None
            link = before(page[-1])
        assert link is None


@given(index=st.integers(0, 4), points=st.integers(1, 9), resealed=st.booleans())
def test_a_changed_entry_is_named_even_when_it_was_sealed_again(index: int, points: int, resealed: bool) -> None:
    journal, entries = ledger()
    changed = replace(entries[index], points=entries[index].points + points)
    entries[index] = replace(changed, hash=entry_hash(changed)) if resealed else changed
    assert first_break(head(journal), entries) == changed.seq


@given(index=st.integers(0, 3))
def test_a_missing_entry_is_noticed_at_the_one_after_it(index: int) -> None:
    journal, entries = ledger()
    del entries[index]
    assert first_break(head(journal), entries) == entries[index].seq


def test_an_entry_of_another_kind_is_noticed() -> None:
    journal, entries = ledger()
    entries[0] = replace(entries[0], kind=EntryKind.ADJUST)
    assert first_break(head(journal), entries) == entries[0].seq
