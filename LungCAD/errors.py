"""Exceptions that tell a user what is wrong and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class LungCADError(Exception):
    """Base of every error that LungCAD raises on purpose."""


class InputError(LungCADError, ValueError):
    """Something the user gave cannot be used.

    Parameters
    ----------
    subject : the file, folder or parameter at fault, as the user knows it.
    problem : what is wrong with it.
    remedy : what to do about it.

    The command line prints ``str(error)``, one line, and exits with code 2.
    """

    def __init__(self, subject: object, problem: str, remedy: str = "") -> None:
        self.subject, self.problem, self.remedy = str(subject), problem, remedy
        super().__init__(f"{subject}: {problem}." + (f" {remedy}." if remedy else ""))

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str, str]]:
        """Cross to another process whole: exceptions are copied by their message alone unless told how."""
        return type(self), (self.subject, self.problem, self.remedy)


@contextmanager
def naming(subject: object) -> Iterator[None]:
    """Let an `InputError` from the block name `subject`, one file of many, in place of its own subject."""
    try:
        yield
    except InputError as error:
        raise InputError(subject, error.problem, error.remedy) from error


class Cancelled(LungCADError):
    """The user stopped the run. Raised from a progress callback, through the task, to the front."""
