"""A Slicer with a job under way: prints the worker's process id and folder; quits when told on its input."""

import sys
import time

from Testing import host

app = host.start()

import qt  # noqa: E402

from LungCAD.panels import job_runner  # noqa: E402
from LungCAD.panels.job import JobListener, shared_runner  # noqa: E402

job_runner.worker_command = lambda: sys.argv[1:]
runner = shared_runner()
runner.start("work", {}, {"seconds": 60}, JobListener())
while not runner.watch.memory:
    app.processEvents()
    time.sleep(0.01)
print(runner.worker_pid, runner._process.folder.path, flush=True)
if sys.stdin.readline():
    qt.QTimer.singleShot(0, app.quit)
    app.exec()
