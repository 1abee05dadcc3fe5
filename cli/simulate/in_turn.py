"""The product's own threads work in turn, in the thread that asked them: a seed of one caller replays exactly then, and
they meet the same crashes as whoever asked. What happens at the same time are the callers.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Self
from unittest.mock import patch

from lib.usecases import redemptions, sweep
from lib.usecases.runs import planning, working


class _InTurn:
    """What the product uses of `concurrent.futures.ThreadPoolExecutor`."""

    def __init__(self, max_workers: int) -> None:
        self.max_workers = max_workers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def map(self, work: Callable[..., Any], *values: Iterable[Any]) -> Iterator[Any]:
        return iter([work(*each) for each in zip(*values, strict=False)])


@contextmanager
def in_turn() -> Iterator[None]:
    """Within, the use cases that work with several threads use their caller's alone."""
    with ExitStack() as patches:
        for module in (planning, working, redemptions, sweep):
            patches.enter_context(patch.object(module, "ThreadPoolExecutor", _InTurn))
        yield
