"""Behaves like PythonSlicer: starts the real program as a child, and hides how that ended."""

import subprocess
import sys

child = subprocess.Popen([sys.executable, *sys.argv[1:]])
sys.exit(1 if child.wait() else 0)
