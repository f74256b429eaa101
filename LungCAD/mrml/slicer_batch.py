"""A method over a folder of cases, run by 3D Slicer without a window.

    Slicer --no-main-window --python-script slicer_batch.py -- propagate --input DIR --output DIR [options]

The words after -- are those of `lungcad batch`: a method, such as propagate or ild, and its options;
`-- propagate --help` prints them and tells how the folder looks. Exit codes: 0 every case is done, 1 a case
or the run failed, 2 bad input. Slicer never asks and always ends. What is missing of
Resources/requirements.txt is installed first. On Linux without a screen, put `xvfb-run -a` before it.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The folder with the package LungCAD, in the sources and in the installed extension alike."""


def run(words: list[str]) -> int:
    """Run `lungcad batch` with these words and return the exit code, whatever happens."""
    try:
        from LungCAD.mrml import dependencies

        dependencies.install(show_progress=False)
        from LungCAD.cli import main  # only now is there what it imports

        return main(["batch", *words])
    except SystemExit as end:  # how the command line ends after --help and after a wrong option
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:  # noqa: BLE001 - an exception that nobody catches leaves Slicer hanging
        print(f"lungcad: failed: {type(error).__name__}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    # Slicer puts the script's own folder first, where tables.py would be taken for a package of that name.
    sys.path[:] = [
        str(ROOT),
        *(each for each in sys.path if Path(each).resolve() != ROOT / "LungCAD" / "mrml"),
    ]
    exit_code = run(sys.argv[1:])

    import slicer

    slicer.util.exit(exit_code)
