"""`python -m Testing.host --python-script x.py -- arguments`: as Slicer with `--no-main-window`."""

from __future__ import annotations

import sys

from Testing.host.scripts import run_script, split_options

if __name__ == "__main__":
    script, arguments = split_options(sys.argv[1:])
    sys.exit(run_script(script, arguments))
