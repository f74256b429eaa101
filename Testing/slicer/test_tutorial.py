"""The console examples of the tutorial, run from top to bottom, on a smaller study."""

import os
import re
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import slicer

from LungCAD.panels import sample_data

TUTORIAL = Path(__file__).resolve().parents[2] / "Documentation" / "tutorial.md"
SMALL = {"SIZE": sample_data.SMALL_SIZE, "SPACING": sample_data.SMALL_SPACING}


class TutorialTest(unittest.TestCase):
    def setUp(self):
        slicer.mrmlScene.Clear(0)
        if not hasattr(slicer.modules, "crflabelpropagation"):  # Slicer has loaded it long ago
            from Testing import host

            host.load_module("CRFLabelPropagation")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, Path.cwd())
        os.chdir(folder.name)

    def test_examples_run(self):
        examples = re.findall(r"^```python\n(.*?)^```", TUTORIAL.read_text(encoding="utf-8"), re.M | re.S)
        self.assertGreater(len(examples), 3)
        names = {"slicer": slicer}
        printed = []
        names["print"] = lambda *words: printed.append(" ".join(map(str, words)))
        with mock.patch.multiple(sample_data, **SMALL):
            for example in examples:
                exec(compile(example, str(TUTORIAL), "exec"), names)
        self.assertIn("Healthy", printed[0])
        self.assertIn("lungnet6", printed[-2])
        self.assertIn("(8,)", printed[-1])
        self.assertTrue(Path("dataset/dataset.json").is_file())

    def test_pictures_and_files_that_it_names_exist(self):
        for target in re.findall(r"\]\((?!http)([^)]+)\)", TUTORIAL.read_text(encoding="utf-8")):
            self.assertTrue((TUTORIAL.parent / target).is_file(), target)


if __name__ == "__main__":
    unittest.main()
