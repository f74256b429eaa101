"""The progress bar of the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from LungCAD.progress import Progress, silent


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Progress]:
    """Yield a progress callback that draws a bar on standard error; a silent one where nobody sees it."""
    if quiet or not sys.stderr.isatty():
        yield silent
        return
    layout = "{percentage:3.0f}% |{bar:24}| {elapsed} {desc}"
    with tqdm(total=1.0, bar_format=layout, dynamic_ncols=True, leave=False) as bar:

        def show(fraction: float, message: str) -> None:
            bar.set_description_str(message, refresh=False)
            bar.n = min(max(fraction, bar.n), 1.0)
            bar.refresh()

        yield show
