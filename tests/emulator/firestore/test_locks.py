"""Who waits for whom, who loses and what is left, step by step: with locks, and by validation at commit."""

from __future__ import annotations

import asyncio

import pytest

from emulator.firestore.transactions import IDLE_SECONDS, LIFETIME_SECONDS, Concurrency
from tests.emulator.firestore.schedule import Schedule

SCHEDULES = {
    "lost update": """
        S sets a=0       | S: ok
        T1 reads a       | T1: a=0
        T2 reads a       | T2: a=0
        T1 commits a=1   | T1: waits                | T1: ok
        T2 commits a=2   | T1: ok, T2: aborted      | T2: aborted
        X reads a        | X: a=1
    """,
    "write skew": """
        S sets a=1 b=1   | S: ok
        T1 reads a b     | T1: a=1 b=1
        T2 reads a b     | T2: a=1 b=1
        T1 commits a=0   | T1: waits                | T1: ok
        T2 commits b=0   | T1: ok, T2: aborted      | T2: aborted
        X reads a b      | X: a=0 b=1
    """,
    "two create one missing document": """
        T1 reads a       | T1: a=-
        T2 reads a       | T2: a=-
        T1 commits a=1   | T1: waits                | T1: ok
        T2 commits a=2   | T1: ok, T2: aborted      | T2: aborted
        X reads a        | X: a=1
    """,
    "a creator waits for who saw that there is nothing": """
        T1 reads a       | T1: a=-
        W creates a=1    | W: waits                 | W: ok
        T1 commits b=1   | T1: ok, W: ok            | T1: aborted
        X reads a b      | X: a=1 b=1               | X: a=1 b=-
    """,
    "phantoms: what enters, changes or leaves a query": """
        S sets a=1 b=2   | S: ok
        T1 finds 1       | T1: a
        U sets c=1       | U: waits                 | U: ok
        V sets b=1       | V: waits                 | V: ok
        W sets a=2       | W: waits                 | W: ok
        X sets b=3 d=4   | X: waits                 | X: ok
        Y sets d=4       | Y: waits                 | Y: ok
        Z sets e=5       | Z: ok
        T1 commits t=9   | T1: ok, U: ok, V: ok, W: ok, X: ok, Y: ok | T1: aborted
    """,
    "a query that found nothing": """
        T1 finds 1       | T1: nothing
        W sets a=1       | W: waits                 | W: ok
        T1 commits t=9   | T1: ok, W: ok            | T1: aborted
    """,
    "nothing beyond a query's limit is locked": """
        S sets a=1 b=2   | S: ok
        T1 takes first   | T1: a
        V sets c=3 b=4   | V: ok
        W sets c=0       | W: waits                 | W: ok
        T1 commits a=-   | T1: ok, W: ok            | T1: aborted
    """,
    "two take the same first of a queue": """
        S sets a=1 b=2   | S: ok
        T1 takes first   | T1: a
        T2 takes first   | T2: a
        T1 commits a=-   | T1: waits                | T1: ok
        T2 commits a=-   | T1: ok, T2: aborted      | T2: aborted
        T3 takes first   | T3: b
    """,
    "what a transaction asks for twice, it has": """
        S sets a=1       | S: ok
        T1 finds 1       | T1: a
        W sets a=1 b=1   | W: waits                 | W: ok
        T1 reads a       | T1: a=1
        T1 finds 1       | T1: a
        T1 commits a=5   | T1: ok, W: ok            | T1: aborted
        X reads a b      | X: a=1 b=1
    """,
    "deadlock of three": """
        S sets a=0 b=0 c=0 | S: ok
        T1 reads a       | T1: a=0
        T2 reads b       | T2: b=0
        T3 reads c       | T3: c=0
        T1 commits b=1   | T1: waits                | T1: ok
        T2 commits c=2   | T2: waits                | T2: aborted
        T3 commits a=3   | T1: ok, T2: ok, T3: aborted | T3: ok
    """,
    "deadlock of a query and a document": """
        S sets a=1       | S: ok
        T1 finds 1       | T1: a
        T2 reads b       | T2: b=-
        T1 commits b=7   | T1: waits                | T1: ok
        T2 commits c=1   | T1: ok, T2: aborted      | T2: aborted
    """,
    "locks of a transaction that gives up are free": """
        T1 reads a       | T1: a=-
        W sets a=1       | W: waits                 | W: ok
        T1 rolls back    | T1: ok, W: ok            | T1: ok
        T1 commits b=1   | T1: invalid argument
    """,
    "whose commit fails holds nothing": """
        S sets a=1       | S: ok
        T1 reads a       | T1: a=1
        T1 commits b=2 !a=2 | T1: already exists
        W sets a=3       | W: ok
        X reads a b      | X: a=3 b=-
    """,
    "all kinds of writes wait": """
        S sets d=0       | S: ok
        T1 reads a b c d | T1: a=- b=- c=- d=0
        U updates a=1    | U: waits                 | U: ok
        V batches x=1 b=1 y=1 | V: waits            | V: ok ok ok
        W creates c=1    | W: waits                 | W: ok
        Y deletes d      | Y: waits                 | Y: ok
        X reads x y      | X: x=1 y=-               | X: x=1 y=1
        T1 rolls back    | T1: ok, U: ok, V: ok ok ok, W: ok, Y: ok | T1: ok
    """,
    "read-only transactions and readers without one never wait": """
        S sets a=0       | S: ok
        R1 reads a       | R1: a=0
        T1 reads a       | T1: a=0
        W sets a=1       | W: waits                 | W: ok
        R1 finds 0       | R1: a
        R2 reads a       | R2: a=0                  | R2: a=1
        X reads a        | X: a=0                   | X: a=1
        T1 rolls back    | T1: ok, W: ok            | T1: ok
        R1 reads a       | R1: a=0
    """,
    "readers behind a waiting writer queue, and share when it is through": """
        T1 reads a       | T1: a=-
        W sets a=1       | W: waits                 | W: ok
        T2 reads a       | T2: waits                | T2: a=1
        T3 finds 1       | T3: waits                | T3: a
        V sets a=2       | V: waits                 | V: ok
        T1 rolls back    | T1: ok, T2: a=1, T3: a, W: ok | T1: ok
        T2 rolls back    | T2: ok
        T3 rolls back    | T3: ok, V: ok            | T3: ok
        X reads a        | X: a=2
    """,
    "a writer gives way to a reader it waits for": """
        T1 reads a       | T1: a=-
        W sets a=1 b=1   | W: waits                 | W: ok
        T1 reads b       | T1: b=-
        T1 commits a=5   | T1: ok, W: ok            | T1: aborted
        X reads a b      | X: a=1 b=1
    """,
    "a reader's wait ends where it would close a circle": """
        T1 reads a       | T1: a=-
        T2 reads b       | T2: b=-
        W sets b=1 c=1   | W: waits                 | W: ok
        T1 reads c       | T1: waits                | T1: c=-
        T2 commits a=2   | T1: c=-, T2: waits       | T2: aborted
        T1 rolls back    | T1: ok, T2: ok, W: ok    | T1: ok
    """,
    "the youngest of a deadlock loses, whoever closes it": """
        T1 reads a       | T1: a=-
        T2 reads b       | T2: b=-
        T2 commits a=2   | T2: waits                | T2: ok
        T1 commits b=1   | T1: ok, T2: aborted      | T1: aborted
    """,
    "a retry is as old as its first attempt": """
        T1 reads a       | T1: a=-
        T2 reads a       | T2: a=-
        T1 commits a=1   | T1: waits                | T1: ok
        T2 commits a=2   | T1: ok, T2: aborted      | T2: aborted
        T3 reads b       | T3: b=-
        T4 retries T2    | T4: ok
        T4 reads b       | T4: b=-
        T3 commits b=3   | T3: waits                | T3: ok
        T4 commits b=4   | T3: aborted, T4: ok      | T4: aborted
    """,
    "who retries a committed transaction is as young as it is": """
        T1 reads a       | T1: a=-
        T1 commits a=1   | T1: ok
        T2 reads b       | T2: b=-
        T3 retries T1    | T3: ok
        T3 reads b       | T3: b=-
        T3 commits b=3   | T3: waits                | T3: ok
        T2 commits b=2   | T2: ok, T3: aborted      | T2: aborted
    """,
    "where there was a deadlock, readers take turns": """
        T1 reads a       | T1: a=-
        T2 reads a       | T2: a=-
        T1 commits a=1   | T1: waits                | T1: ok
        T2 commits a=2   | T1: ok, T2: aborted      | T2: aborted
        T3 reads a       | T3: a=1
        T4 reads a       | T4: waits                | T4: a=1
        T5 reads a       | T5: waits                | T5: a=1
        T3 commits a=3   | T3: ok, T4: a=3          | T3: ok
        T4 commits a=4   | T4: ok, T5: a=4          | T4: aborted
        T5 commits a=5   | T5: ok                   | T5: aborted
    """,
}


@pytest.mark.parametrize("concurrency", list(Concurrency), ids=lambda concurrency: concurrency.name.lower())
@pytest.mark.parametrize("table", list(SCHEDULES.values()), ids=list(SCHEDULES))
def test_schedules(table: str, concurrency: Concurrency) -> None:
    column = 1 if concurrency is Concurrency.PESSIMISTIC else 2
    asyncio.run(Schedule(concurrency).play(table, column))


class _Time:
    """A monotonic clock moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize(
    ("steps", "valid"),
    [([IDLE_SECONDS - 1], True), ([IDLE_SECONDS + 1], False), ([IDLE_SECONDS - 1] * 5, False)],
)
def test_a_client_that_vanishes_blocks_nobody_beyond_the_limits(steps: list[float], valid: bool) -> None:
    assert (IDLE_SECONDS - 1) * 5 > LIFETIME_SECONDS

    async def run() -> None:
        time = _Time()
        schedule = Schedule(Concurrency.PESSIMISTIC, now=time)
        await schedule.play("T1 reads a | T1: a=-")
        for seconds in steps[:-1]:
            time.seconds += seconds
            await schedule.play("T1 reads a | T1: a=-")
        time.seconds += steps[-1]
        await schedule.play("W sets a=1 | W: waits" if valid else "W sets a=1 | W: ok")
        await schedule.play("T1 commits a=2 | T1: ok, W: ok" if valid else "T1 commits a=2 | T1: invalid argument")

    asyncio.run(run())


def test_who_waits_when_a_transaction_expires_goes_on() -> None:
    async def run() -> None:
        time = _Time()
        schedule = Schedule(Concurrency.PESSIMISTIC, now=time)
        await schedule.play("T1 reads a | T1: a=-")
        time.seconds += IDLE_SECONDS - 0.01
        waiting = schedule.start("W sets a=1")
        # It looks again when, by its own reckoning, the transaction has expired.
        time.seconds += 1
        assert await waiting == "ok"

    asyncio.run(run())


def test_waiting_is_not_idling() -> None:
    async def run() -> None:
        time = _Time()
        schedule = Schedule(Concurrency.PESSIMISTIC, lock_timeout_seconds=2 * IDLE_SECONDS, now=time)
        await schedule.play("""
            T1 reads a     | T1: a=-
            T2 reads a b   | T2: a=- b=-
            T2 commits a=2 | T2: waits
        """)
        time.seconds += IDLE_SECONDS - 1
        await schedule.play("T1 reads a | T1: a=-")
        time.seconds += 2
        await schedule.play("""
            W sets b=1     | W: waits
            T1 rolls back  | T1: ok, T2: ok, W: ok
        """)

    asyncio.run(run())


def test_the_lock_time_out_ends_the_wait_of_writers_and_readers() -> None:
    async def run() -> None:
        schedule = Schedule(Concurrency.PESSIMISTIC, lock_timeout_seconds=0.02)
        await schedule.play("T1 reads a b | T1: a=- b=-")
        writing = schedule.start("W sets a=1")
        alone = schedule.start("V batches b=1 x=1")
        assert (await writing, await alone) == ("aborted", "refused ok")
        assert await schedule.start("T1 commits a=2") == "ok"
        reading = Schedule(Concurrency.PESSIMISTIC, lock_timeout_seconds=0.02)
        await reading.play("T1 reads a | T1: a=-")
        writer, reader = reading.start("W sets a=1"), reading.start("T2 reads a")
        # The writer's time is over first, and then nobody is in the reader's way.
        assert (await writer, await reader) == ("aborted", "a=-")

    asyncio.run(run())


def test_a_commit_whose_client_hangs_up_holds_nothing() -> None:
    async def run() -> None:
        schedule = Schedule(Concurrency.PESSIMISTIC)
        await schedule.play("""
            T1 reads a b | T1: a=- b=-
            T2 reads a   | T2: a=-
        """)
        committing = schedule.start("T1 commits a=1")
        await schedule.play("V sets b=1 | V: waits")
        committing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await committing
        schedule.forget(committing)
        await schedule.play("""
            T2 commits a=2 | T2: ok, V: ok
            T1 commits a=3 | T1: invalid argument
            X reads a      | X: a=2
        """)

    asyncio.run(run())


def test_readers_who_take_turns_do_not_wait_for_ever() -> None:
    async def run() -> None:
        schedule = Schedule(Concurrency.PESSIMISTIC, lock_timeout_seconds=0.1)
        await schedule.play(SCHEDULES["lost update"])
        await schedule.play("T3 reads a | T3: a=1")
        # Patience ends before the time-out does, and reading together is safe.
        assert await schedule.start("T4 reads a") == "a=1"

    asyncio.run(run())
