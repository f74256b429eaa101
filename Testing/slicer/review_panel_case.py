"""A review panel on a result, and the reader's hand."""

import shutil
import tempfile
import time
import unittest
from pathlib import Path

import numpy as np
import qt
import slicer
from painted_scan import OBLIQUE, PaintedScan

from LungCAD.labels import Provenance, load_schema
from LungCAD.mrml.reviewed_case import Subject
from LungCAD.mrml.segments import show_labels
from LungCAD.panels import review_settings as settings
from LungCAD.panels.job import shared_runner
from LungCAD.panels.review import ReviewPanel
from LungCAD.panels.review_editor import PAUSE_MS
from LungCAD.panels.views import show_over
from LungCAD.review import Review

SHAPE = (6, 9, 11)


def tearDownModule():
    shared_runner().stop()


class ReviewPanelCase(PaintedScan, unittest.TestCase):
    def setUp(self):
        slicer.mrmlScene.Clear(0)
        self.folder = Path(tempfile.mkdtemp(prefix="review-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        kept = {name: settings.remembered(name) for name in (settings.REVIEWS, settings.READER)}
        for name, text in kept.items():
            self.addCleanup(settings.remember, name, text)
        settings.remember(settings.REVIEWS, str(self.folder / "reviews"))
        settings.remember(settings.READER, "AB")
        self.asked = []
        self.schema = load_schema("gao5")
        self.panel = ReviewPanel("label propagation", repropagate=self.asked.append)
        self.addCleanup(self.panel.widget.deleteLater)
        self.addCleanup(self.panel.exit)
        self.addCleanup(self.panel.close)
        self.panel.widget.show()

    def open_case(self, reader="AB"):
        rng = np.random.default_rng(4)
        hu = rng.integers(-1000, 0, SHAPE).astype(np.int16)
        self.volume = slicer.util.addVolumeFromArray(hu, ijkToRAS=OBLIQUE, name="CT")
        lung = np.zeros(SHAPE, bool)
        lung[:, 1:-1, 1:-1] = True
        self.array = np.where(lung, rng.integers(1, 6, SHAPE), 0).astype(np.uint8)
        self.provenance = np.where(lung, Provenance.PROPAGATED, 0).astype(np.uint8)
        self.provenance[2, 2:4, 2:5] = Provenance.DRAWN
        doubt = np.zeros(SHAPE, np.float32)
        doubt[lung] = 0.1
        doubt[4, 3, 5], doubt[1, 3, 5] = 1.0, 0.9  # the order: 5, 2, then 1, 4, 6 and last 3, partly drawn
        self.node = show_labels(self.image(self.array), self.schema, self.volume, name="Result")
        show_over(self.volume, None)
        self.subject = self.make_subject(self.array, doubt)
        self.rename(reader)
        self.panel.take_result(self.subject)
        return self.panel.case

    def make_subject(self, array, doubt):
        return Subject(
            self.volume,
            self.node,
            self.schema,
            self.image(self.provenance),
            self.image(doubt),
            result=self.image(array),
            model="label propagation",
        )

    def wait(self, milliseconds=3 * PAUSE_MS):
        loop = qt.QEventLoop()
        qt.QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def rows(self):
        table = self.panel.slices.worklist.table
        return [[table.item(row, column).text() for column in range(4)] for row in range(table.rowCount)]

    def press(self, key):
        (shortcut,) = (each for each in self.panel._keys.shortcuts if each.key.toString() == key)
        shortcut.activated.emit()

    def export(self):
        """Press Export, and let the worker write; meanwhile the button is disabled."""
        self.panel.export.button.click()
        self.assertFalse(self.panel.export.button.enabled)
        until = time.monotonic() + 120
        while shared_runner().is_busy:
            self.assertLess(time.monotonic(), until)
            self.wait(10)
        self.assertTrue(self.panel.export.button.enabled)

    def again(self):
        return Review.resume(self.panel.case.review.folder, "AB")

    def sentence(self):
        return self.panel.head.sentence

    def rename(self, reader):
        self.panel.head.reader_edit.text = reader
        self.panel.head.reader_edit.editingFinished.emit()

    def save_and_load(self):
        """Save the scene, close it and load it again; return its scan and the labels under review."""
        path = str(self.folder / "scene.mrb")
        self.assertTrue(slicer.util.saveScene(path))
        self.panel.close()
        slicer.mrmlScene.Clear(0)
        slicer.util.loadScene(path)
        return slicer.util.getNode("CT"), slicer.util.getNode("Result")
