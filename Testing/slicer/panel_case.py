"""The panel of a module, used by a test as a person would: in Slicer, and in the stand-in for it."""

import tempfile
import time
import unittest
from pathlib import Path

import slicer

from LungCAD.panels import review_settings


def load_module(name):
    if not hasattr(slicer.modules, name.lower()):  # Slicer has loaded it long ago
        from Testing import host

        host.load_module(name)
    return getattr(slicer.modules, name.lower())


class PanelCase(unittest.TestCase):
    """Base, beside one that fills the scene. MODULE : its name; `panel`, `node` : its widget and parameters.

    The reader has a name, and reviews go to a `folder` of the test.
    """

    MODULE: str

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        reviews = str(self.folder / "reviews")
        for name, text in ((review_settings.READER, "Test reader"), (review_settings.REVIEWS, reviews)):
            self.addCleanup(review_settings.remember, name, review_settings.remembered(name))
            review_settings.remember(name, text)
        module = load_module(self.MODULE).widgetRepresentation()
        module.enter()
        self.addCleanup(module.exit)
        self.panel = module.self()
        self.panel.review.head.reader_edit.text = "Test reader"
        self.panel.review.head.reader_edit.editingFinished.emit()
        self.addCleanup(self.panel.jobBar.cancel)
        self.node = self.panel.node

    def wait(self, condition, seconds=120):
        until = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), until, "waited too long")
            slicer.app.processEvents()
            time.sleep(0.005)

    def settle(self):
        """Let the panel look at its inputs, as it does when the user pauses."""
        self.wait(lambda: not self.panel._soon.active)

    def apply(self):
        """Press Apply."""
        self.settle()
        self.assertEqual(self.panel.jobBar.problem, "")
        self.panel.jobBar.apply_button.click()
        self.assertTrue(self.panel.jobBar.is_running)

    def compute(self):
        """Press Apply, and wait for the result."""
        self.apply()
        self.wait_for_job()

    def wait_for_job(self):
        self.wait(lambda: not self.panel.jobBar.is_running)
        self.settle()

    def sentence(self, field):
        """Return what stands beside a field, when the panel has looked at its inputs."""
        self.settle()
        label = getattr(self.panel.ui, f"{field}Problem")
        return label.text if not label.isHidden() else ""
