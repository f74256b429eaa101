"""Runs a script as Slicer does without a main window; where Slicer would hang for ever, says so and ends."""

from __future__ import annotations

import os
import runpy
import sys
import traceback
from pathlib import Path

from Testing.host import incidents
from Testing.host.starting import start

HANGS = 86
"""Exit code where Slicer would run on for ever."""

PATIENCE_S = float(os.environ.get("HOST_PATIENCE_S", "3"))
"""How long after its last line a script may ask for the end (by a timer, a process) before it hangs."""

WITH_VALUE = ("--python-script", "--python-code", "--additional-module-path", "--settings-path")
FLAGS = (
    "--no-main-window", "--no-splash", "--testing", "--ignore-slicerrc", "--verbose", "--version", "--help",
    "--disable-settings", "--disable-tooltips", "--exit-after-startup", "--verbose-module-discovery",
)  # fmt: skip


def split_options(arguments: list[str]) -> tuple[str | None, list[str]]:
    """Return the script and what is left for it: Slicer takes its own options from before `--`."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    left = arguments[len(options) + 1 :]
    script, own, position = None, [], 0
    while position < len(options):
        option, _, value = options[position].partition("=")
        if option in WITH_VALUE:
            if not value:
                position += 1
                value = options[position] if position < len(options) else ""
            script = value if option == "--python-script" else script
        elif option not in FLAGS:
            own.append(options[position])
        position += 1
    return script, own + left


def run_script(script: str | None, arguments: list[str]) -> int:
    """Run the script and return the exit code that Slicer would have, HANGS where it would have none."""
    application = start(with_views=False)
    try:
        if script is None or not Path(script).is_file():
            print(f"no such script: {script}", file=sys.stderr)
        else:
            sys.argv = [script, *arguments]
            runpy.run_path(script, run_name="__main__")
    except SystemExit as request:
        return _code(request)
    except BaseException:  # noqa: BLE001 - Slicer prints it, whatever it is, and goes on
        traceback.print_exc()
    code = application._wait_for_exit(PATIENCE_S)
    for incident in incidents.take():
        print(incident, file=sys.stderr)
    if code is None:
        print("HANGS: nobody called slicer.util.exit; Slicer would run on for ever", file=sys.stderr)
        return HANGS
    return code


def _code(request: SystemExit) -> int:
    if request.code is None:
        return 0
    return request.code if isinstance(request.code, int) else 1
