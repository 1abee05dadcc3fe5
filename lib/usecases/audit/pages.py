"""Works pages of documents in parallel, a few at a time, and adds up what was found."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeAlias

from lib.domain.invariants.report import Findings
from lib.domain.invariants.violations import Document

Page: TypeAlias = "list[Document]"

_WORKERS = 8
# Pages read but not yet worked: enough to keep the workers busy, few enough to keep memory small.
_PAGES_AHEAD = 2 * _WORKERS


def work_pages(pages: Iterable[Page], work: Callable[[Page], Findings], findings: Findings) -> None:
    """Adds what `work` finds in each page to `findings`, in the order of the pages. The first error ends it."""
    waiting: deque[Future[Findings]] = deque()
    with ThreadPoolExecutor(_WORKERS) as executor:
        for page in pages:
            waiting.append(executor.submit(work, page))
            if len(waiting) > _PAGES_AHEAD:
                findings.add(waiting.popleft().result())
        while waiting:
            findings.add(waiting.popleft().result())
