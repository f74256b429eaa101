"""Work on a stream with several threads or processes; results come in the stream's order."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from multiprocessing.connection import wait
from typing import TypeVar

import SimpleITK as sitk

from LungCAD.progress import Progress, each, silent

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_PROCESSES = 8
"""Each that makes a scan or measures one holds up to two gigabytes."""


def cores() -> int:
    """Return how many cores this process may use: a cluster lends fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_processes() -> int:
    """Return how many processes work at once where nobody says: one per core, `MOST_PROCESSES` at most."""
    return min(MOST_PROCESSES, cores())


def thread_map(
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
        yield from _in_order(pool, function, items, ahead)


def process_map(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    workers: int,
    progress: Progress = silent,
    message: str = "",
) -> Iterator[Result]:
    """Yield `function(item)` for every item, in order, from processes that share the cores.

    With one worker, or one item, all is done here. Otherwise function, items and results are pickled, and a
    script that calls this needs the guard ``if __name__ == "__main__"``: every process imports it anew.

    Raises
    ------
    Exception
        What `function` raises, when its turn comes, and what `progress` raises; nothing more is begun then.
    """
    workers = min(workers, len(items))
    if workers <= 1:
        yield from map(function, each(items, progress, message))
        return
    threads = max(1, cores() // workers)
    context = multiprocessing.get_context("spawn")
    others = set(multiprocessing.active_children())
    with (
        ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(threads,)) as pool,
        closing(_in_order(pool, function, items, ahead=2 * workers)) as results,
    ):
        try:
            for _ in each(items, progress, message):
                yield next(results)
        except (KeyboardInterrupt, GeneratorExit):
            # Nobody wants what they are at, and the pool would wait for it.
            for process in set(multiprocessing.active_children()) - others:
                process.terminate()
            raise


def _in_order(
    pool: Executor, function: Callable[[Item], Result], items: Iterable[Item], ahead: int
) -> Generator[Result, None, None]:
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


def _begin(threads: int) -> None:
    """Prepare a process: it takes no more than its share of the cores, and does not outlive who began it."""
    os.environ["OMP_NUM_THREADS"] = str(threads)  # for what is not loaded yet
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(threads)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    wait([multiprocessing.parent_process().sentinel])
    os._exit(1)  # nobody is left to take a result; an idle process would wait for ever
