"""Published files on this machine: fetched once, checked before they get their name."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlparse

from LungCAD.errors import InputError
from LungCAD.files import atomic_path, make_folder
from LungCAD.progress import Progress, silent
from LungCAD.weights.checksum import require_sha256
from LungCAD.weights.registry import WeightsEntry

BLOCK = 1 << 20
TIMEOUT_S = 30.0
SCHEMES = ("https", "file")


def cache_folder() -> Path:
    """Return where files are kept: LUNGCAD_CACHE, else lungcad in the user's cache folder."""
    if own := os.environ.get("LUNGCAD_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lungcad"


def fetch(entry: WeightsEntry, folder: Path, progress: Progress = silent) -> Path:
    """Return the published file in `folder`, downloaded where it is not there yet, its checksum verified.

    Raises
    ------
    InputError
        It cannot be downloaded or written, or is not the file that the registry knows.
    """
    path = folder / Path(urlparse(entry.url).path).name
    if not path.exists():
        make_folder(folder)
        with atomic_path(path) as temporary:
            _download(entry.url, temporary, progress)
            require_sha256(temporary, entry.sha256)
    require_sha256(path, entry.sha256)
    return path


def _download(url: str, target: Path, progress: Progress) -> None:
    if urlparse(url).scheme not in SCHEMES:
        raise InputError(url, "is no secure address", f"Use {' or '.join(SCHEMES)}")
    message = f"Downloading {Path(urlparse(url).path).name}"
    with target.open("wb") as file:
        for block, done in _blocks(url):
            file.write(block)
            progress(done, message)


def _blocks(url: str) -> Iterator[tuple[bytes, float]]:
    """Yield the file piece by piece, and the part of it received so far: 0 where its length is not known."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as source:  # noqa: S310 - by `_download`
            total, received = int(source.headers.get("Content-Length") or 0), 0
            while block := source.read(BLOCK):
                received += len(block)
                yield block, min(received / total, 1.0) if total else 0.0
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise InputError(
            url, f"cannot be downloaded ({reason})", "Download it elsewhere and give the file"
        ) from error
