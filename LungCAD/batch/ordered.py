"""Work on a stream with several threads; results come in the stream's order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def ordered_map(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int, ahead: int
) -> Iterator[Result]:
    """Yield `function(item)` for every item, in order.

    At most `ahead` items are worked on or waiting to be taken, however long the stream: memory stays flat.
    Meant for functions that spend their time outside Python's lock, such as decoding pictures.

    Raises
    ------
    Exception
        What `function` raises, when its turn comes; what follows is not worked on.
    """
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) >= ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
