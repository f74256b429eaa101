# ruff: noqa: N802 - Slicer calls the methods of a test by their names in camel case
"""What the self-tests of all modules have in common."""

from __future__ import annotations

import unittest
from typing import Any

import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleTest


class SelfTest(ScriptedLoadableModuleTest):
    """Base of the modules' self-tests, also behind "Reload and Test": every test in an empty scene."""

    def setUp(self) -> None:
        """Start with an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self, **_options: Any) -> None:  # noqa: ANN401
        """Run all methods whose names begin with test_; one that cannot run here says why."""
        for name in unittest.defaultTestLoader.getTestCaseNames(type(self)):
            self.setUp()
            try:
                getattr(self, name)()
            except unittest.SkipTest as skipped:
                self.delayDisplay(f"{name}: left out. {skipped}")
