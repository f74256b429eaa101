"""A reader's ticks, as panels keep them: a ledger on the disk, and a copy of it in the scene."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from LungCAD.errors import InputError
from LungCAD.panels import review_settings as settings
from LungCAD.panels.review_head import ReviewHead

if TYPE_CHECKING:
    import slicer

    from LungCAD.review.ticks import TickReview

Ticks = TypeVar("Ticks", bound="TickReview")


def restored_folder(
    findings: slicer.vtkMRMLTextNode, case: str, reader: str, restore: Callable[[str, Path, str, str], None]
) -> Path:
    """Return the folder of a reader's review of a case; what the scene carries is put back there first.

    restore : as `restore_slices`. Raises InputError where the reader has no name, or as `restore`.
    """
    from LungCAD.mrml.carried_ticks import carried_ledgers
    from LungCAD.mrml.reviewed_case import review_folder

    if not reader:
        raise InputError("Reader", "has no name", "Enter your name or initials above")
    folder = review_folder(settings.reviews_folder(), case, reader)
    for carried in carried_ledgers(findings):
        restore(carried, folder, case, reader)
    return folder


def require_current(ledger: TickReview, reopen: Callable[[], None]) -> None:
    """Raise InputError where another program has changed the ledger; it is opened again then.

    What the reader is about to say was said without knowing what stands there now.
    """
    if not ledger.is_current:
        reopen()
        problem = "was changed by another program"
        raise InputError("What was ticked", problem, "Now you see it as it is: decide again")


def record(
    head: ReviewHead,
    findings: slicer.vtkMRMLTextNode,
    opened: Callable[[], Ticks],
    say: Callable[[Ticks], None],
) -> bool:
    """Say something to the ledger, of which the scene carries a copy; tell whether that went well.

    The head says why not. opened : returns the ledger, made where there is none.
    """
    from LungCAD.mrml.carried_ticks import carry_ledger

    def act() -> None:
        ledger = opened()
        say(ledger)
        carry_ledger(findings, ledger.text)

    return head.attempt(act)
