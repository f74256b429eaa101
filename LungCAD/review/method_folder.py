"""Where a reader's review of one method's result lies: those of two methods on one scan do not mix."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from LungCAD.files import atomic_folder
from LungCAD.review.entry import Entry, Kind
from LungCAD.review.ledger import Ledger
from LungCAD.review.review import LEDGER, VOXELS


def folder_name(text: str) -> str:
    """Return a text as the name of a folder; empty where it has no letter or digit."""
    return re.sub(r"\W+", "-", text.lower()).strip("-")


def is_review(folder: Path) -> bool:
    """Tell whether there is a review of labels in the folder itself."""
    return bool(Ledger(folder / LEDGER).entries)


def find_review(folder: Path, model: str) -> Path:
    """Return where the review of a method's results lies, or would begin.

    In the reader's `folder` the review that was begun first, and in folders of the methods' names in it those
    of other methods.

    Parameters
    ----------
    model : name of what made the labels; what follows a comma does not belong to the name of the method. Any
        method where empty: the review in `folder`, else the only one below.
    """
    method = _method_of(model)
    if not method:
        below = [] if is_review(folder) else [path.parent for path in folder.glob(f"[!.]*/{LEDGER}")]
        return below[0] if len(below) == 1 else folder
    own = folder / folder_name(method)
    return own if is_review(own) or _methods_in(folder) - {method} else folder


def separate_review(folder: Path, model: str) -> Path:
    """Do as `find_review`; where earlier versions mixed methods in one review, each goes on in a copy.

    The mixed review stays as it is.

    Raises
    ------
    InputError
        The copy cannot be written.
    """
    found = find_review(folder, model)
    if found != folder and not is_review(found) and _method_of(model) in _methods_in(folder):
        with atomic_folder(found) as copy:
            shutil.copy2(folder / LEDGER, copy / LEDGER)
            shutil.copytree(folder / VOXELS, copy / VOXELS)
    return found


def is_of_method(entries: Iterable[Entry], model: str) -> bool:
    """Tell whether a review, by its entries, is one of a method's results; of any where `model` is empty."""
    method = _method_of(model)
    return not method or method in _methods_of(entries)


def _methods_in(folder: Path) -> set[str]:
    return _methods_of(Ledger(folder / LEDGER).entries)


def _methods_of(entries: Iterable[Entry]) -> set[str]:
    return {_method_of(entry.model) for entry in entries if entry.kind is Kind.PROPAGATE} - {""}


def _method_of(model: str) -> str:
    return model.partition(",")[0].strip()
