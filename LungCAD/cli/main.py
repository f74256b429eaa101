"""Entry point of the lungcad command.

Exit codes: 0 done; 1 failure; 2 bad input (one line on standard error, nothing written); 130 stopped by
Ctrl-C, or by SIGTERM, with which clusters and containers end a job. Commands that keep what is done declare
themselves `resumable`, or are given a folder for `checkpoints`.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import signal
import sys
import threading
from collections.abc import Sequence

from LungCAD import __version__
from LungCAD.errors import Cancelled, InputError

# Threads of OpenMP that spin while they wait make two of them many times slower than one on a busy machine.
# It must be said before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

COMMANDS = {
    "propagate": "label the whole lung from a CT and a few drawn regions",
    "ild": "label patterns of interstitial lung disease on every slice of a CT",
    "detect": "tell which slices of a CT show interstitial lung disease",
    "cpa": "find signs of chronic pulmonary aspergillosis on chest CT, and where they are",
    "follow": "say how the signs of one patient change over several scans that cpa has read",
    "xray": "find both lungs on chest radiographs, one or a million",
    "lungs": "segment both lungs and their six zones",
    "batch": "run a method over a folder of cases",
    "info": "say what is in a file or folder and whether it is fit for use",
    "phantom": "make a synthetic chest CT with known truth",
    "demo": "run the main job on a phantom: nothing but an output folder is needed",
    "train": "train the networks that the methods use",
    "bench": "measure speed and quality against the named peers",
}

PURPOSE = "Label and read lungs on chest CT and radiographs."
EPILOG = "LungCAD is a research tool, not a medical device: not for diagnosis or treatment."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments` (default: the process's own) and return the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = argparse.Namespace(words=words, debug="--debug" in words)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file's name may be no text at all
    signals = _Signals()
    try:
        with signals:
            _parser(words).parse_args(words, options)  # loads libraries for seconds: here as well, one stops
            return int(options.run(options) or 0)
    except (KeyboardInterrupt, Cancelled):
        return _stopped(options)
    except Exception as error:  # noqa: BLE001 - the last door: a user gets a line, a developer the traceback
        # Where a signal finds a library at work, an error of the library's may come of it.
        return _stopped(options) if signals.came else _failed(error, options)


def _stopped(options: argparse.Namespace) -> int:
    goes_on = getattr(options, "resumable", False) or getattr(options, "checkpoints", None)
    left = "the same command goes on from here" if goes_on else "nothing was written"
    print(f"lungcad: stopped; {left}", file=sys.stderr)
    return 130


def _failed(error: Exception, options: argparse.Namespace) -> int:
    if isinstance(error, InputError):
        print(f"lungcad: {_one_line(error)}", file=sys.stderr)
        return 2
    if isinstance(error, MemoryError):
        print("lungcad: not enough memory; close other programs or use --mode slice", file=sys.stderr)
        return 1
    if options.debug:
        raise error
    kind = type(error).__name__
    print(f"lungcad: failed: {kind}: {_one_line(error)} (--debug shows where)", file=sys.stderr)
    return 1


class _Signals:
    """Lets SIGTERM stop a command as Ctrl-C does, so that nothing unfinished is left behind.

    Whoever runs the command in a program of theirs and treats signals in another way has their way.

    came : whether one did.
    """

    def __init__(self) -> None:
        self.came = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
        self._before = {number: way for number, way in usual.items() if signal.getsignal(number) is way}
        for number in self._before:
            signal.signal(number, self._stop)

    def __exit__(self, *_: object) -> None:
        for number, way in self._before.items():
            signal.signal(number, way)

    def _stop(self, *_: object) -> None:
        self.came = True
        raise KeyboardInterrupt


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lungcad", description=PURPOSE, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=f"lungcad {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    given = next((word for word in words if word in COMMANDS), None)
    for name, summary in COMMANDS.items():
        description = f"{summary[0].upper()}{summary[1:]}."
        command = commands.add_parser(name, help=summary, description=description, epilog=EPILOG)
        if name == given:  # only the command that runs is imported: torch takes seconds
            module = importlib.import_module(f"LungCAD.cli.{name}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
            command.add_argument("--debug", action="store_true", help="show the traceback of a failure")
    return parser


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
