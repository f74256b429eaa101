"""Jobs for the modules' panels.

One worker serves all modules::

    bar = JobBar(shared_runner(), apply=self.on_apply)
    layout.addWidget(bar.widget)
    bar.run("propagate", {"ct": image_in_steps(ct), "rois": rois}, parameters, finished=self.show_result)
"""

from __future__ import annotations

import functools

import slicer

from LungCAD.panels.job_bar import JobBar
from LungCAD.panels.job_guard import JobGuard
from LungCAD.panels.job_listener import JobListener
from LungCAD.panels.job_runner import JobRunner
from LungCAD.panels.job_turns import Turns

__all__ = ["JobBar", "JobGuard", "JobListener", "JobRunner", "Turns", "shared_runner"]


@functools.cache
def shared_runner() -> JobRunner:
    """Return the runner of this Slicer; its worker ends with Slicer."""
    runner = JobRunner()
    slicer.app.connect("aboutToQuit()", runner.stop)
    return runner
