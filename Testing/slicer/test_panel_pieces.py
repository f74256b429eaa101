"""What the panels of all modules share: forms from declarations, choice of a schema, sentences, first run."""

import json
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import qt
import slicer
from slicer.parameterNodeWrapper import parameterNodeWrapper

from LungCAD.errors import InputError
from LungCAD.labels import load_schema
from LungCAD.mrml import dependencies
from LungCAD.panels import sample_data, schema_chooser
from LungCAD.panels.declared import load_method
from LungCAD.panels.first_run import FirstRun, explanation
from LungCAD.panels.parameter_form import ParameterForm
from LungCAD.panels.parameter_node import nested_values, with_parameters
from LungCAD.panels.problems import Problems, as_sentence, complaint_of
from LungCAD.panels.schema_chooser import SchemaChooser, legend

METHOD = load_method("label_propagation")


@parameterNodeWrapper
@with_parameters(METHOD)
class Node:
    ct: slicer.vtkMRMLScalarVolumeNode | None


class ParameterTest(unittest.TestCase):
    def setUp(self):
        slicer.mrmlScene.Clear(0)
        self.node = Node(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))
        self.widget = qt.QWidget()
        parameters = [parameter for parameter in METHOD.parameters if parameter.name != "schema"]
        names = {"unary": {"rois": "Drawn regions", "network": "A network", "both": "Both"}}
        self.form = ParameterForm(qt.QFormLayout(self.widget), parameters, choice_names=names)
        self.node.connectGui(self.widget)
        self.form.name_choices()

    def value(self, name):
        widget = self.form.widgets[name]
        if hasattr(widget, "currentIndex"):
            return METHOD[name].declaration.choices[widget.currentIndex]
        return widget.checked if isinstance(METHOD[name].default, bool) else widget.value

    def test_every_parameter_has_a_widget_with_its_default(self):
        for parameter in METHOD.parameters:
            self.assertEqual(getattr(self.node, parameter.name), parameter.default, parameter.name)
        for name in self.form.widgets:
            self.assertEqual(self.value(name), METHOD[name].default, name)

    def test_widgets_keep_to_the_declared_ranges(self):
        for name, widget in self.form.widgets.items():
            declaration = METHOD[name].declaration
            if declaration.choices or isinstance(METHOD[name].default, bool):
                continue
            for value in (widget.minimum, widget.maximum):
                if abs(value) < 1e9:
                    self.assertIsNone(declaration.problem_with(type(METHOD[name].default)(value)), name)
            widget.value = -1e6
            self.assertIsNone(declaration.problem_with(getattr(self.node, name)), name)

    def test_both_ways(self):
        self.form.widgets["crf_theta_alpha"].value = 12.5
        self.assertEqual(self.node.crf_theta_alpha, 12.5)
        self.node.stride = 7
        self.assertEqual(self.form.widgets["stride"].value, 7)
        self.form.widgets["crf_couple_lungs"].checked = False
        self.assertFalse(self.node.crf_couple_lungs)
        self.node.mode = "slice"
        self.assertEqual(self.value("mode"), "slice")

    def test_choices_are_named_in_words_and_stored_bare(self):
        box = self.form.widgets["unary"]
        self.assertEqual([box.itemText(i) for i in range(box.count)], ["Drawn regions", "A network", "Both"])
        box.currentIndex = 1
        self.assertEqual(self.node.unary, "network")

    def test_the_node_refuses_what_the_declaration_refuses(self):
        for name, value in (("stride", 0), ("mode", "sideways"), ("crf_theta_beta", 0.0)):
            with self.assertRaises(ValueError):
                setattr(self.node, name, value)

    def test_nested_values_are_those_of_the_method(self):
        self.node.crf_iterations = 3
        values = nested_values(self.node, METHOD)
        self.assertEqual(values["crf"]["iterations"], 3)
        self.assertEqual(values["mode"], "volume")
        json.dumps(values)

    def test_presets(self):
        chosen = []
        self.form.add_presets(METHOD.presets["crf"], chosen.append)
        (button,) = [b for b in self.widget.findChildren(qt.QPushButton) if b.text == "Paper"]
        button.click()
        self.assertEqual(chosen[0]["crf_theta_alpha"], 80.0)
        self.assertEqual(chosen[0]["crf_unit"], "px")

    def test_help_is_the_tool_tip(self):
        for name, widget in self.form.widgets.items():
            self.assertIn(METHOD[name].declaration.help, widget.toolTip)


class SchemaChooserTest(unittest.TestCase):
    def setUp(self):
        self.box, self.legend = qt.QComboBox(), qt.QLabel()
        self.changed, self.refused = [], []
        self.chooser = SchemaChooser(self.box, self.legend, self.changed.append, self.refused.append)
        self.chooser.choose("gao5")

    def pick_file(self, path):
        with mock.patch.object(schema_chooser, "_ask_for_file", return_value=str(path)):
            self.chooser._activated(self.box.count - 1)

    def test_tissues_only(self):
        titles = [self.box.itemText(index) for index in range(self.box.count)]
        self.assertIn(load_schema("lungnet6").title, titles)
        self.assertNotIn(load_schema("lungs").title, titles)
        self.assertEqual(self.box.currentText, load_schema("gao5").title)

    def test_choosing_tells(self):
        index = self.box.findText(load_schema("lungnet6").title)
        self.chooser._activated(index)
        self.assertEqual(self.changed, ["lungnet6"])
        self.assertIn("Honeycombing", self.legend.text)

    def test_own_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "mine.json"
            labels = [{"value": 1, "code": "scar", "name": "Scar", "color": [200, 10, 10]}]
            path.write_text(json.dumps({"name": "mine", "title": "My own", "labels": labels}))
            self.pick_file(path)
            self.assertEqual(self.changed, [str(path)])
            self.assertEqual(self.box.currentText, "My own")
            self.pick_file(path)
            self.assertEqual(self.box.count, len(self.chooser._names) + 1)

    def test_a_file_that_is_no_schema_changes_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "broken.json"
            path.write_text("{")
            self.pick_file(path)
        self.assertEqual(len(self.refused), 1)
        self.assertEqual((self.chooser.current, self.changed), ("gao5", []))
        self.assertEqual(self.box.currentText, load_schema("gao5").title)

    def test_giving_up_the_choice_of_a_file(self):
        self.pick_file("")
        self.assertEqual(self.box.currentText, load_schema("gao5").title)
        self.assertEqual((self.changed, self.refused), ([], []))

    def test_legend_names_every_class_in_its_colour(self):
        text = legend(load_schema("gao5"))
        for label in load_schema("gao5").labels:
            self.assertIn(label.name.replace(" ", "&nbsp;"), text)
            self.assertIn("#{:02x}{:02x}{:02x}".format(*label.color), text)


class ProblemsTest(unittest.TestCase):
    def test_a_sentence_shows_and_goes(self):
        labels = {"ct": qt.QLabel(), "rois": qt.QLabel()}
        problems = Problems(labels)
        problems.show({"ct": "It is empty."})
        self.assertEqual(labels["ct"].text, "It is empty.")
        self.assertFalse(labels["ct"].isHidden())
        self.assertTrue(labels["rois"].isHidden())
        problems.show({})
        self.assertTrue(labels["ct"].isHidden())
        with self.assertRaisesRegex(ValueError, "elsewhere"):
            problems.show({"elsewhere": "Nobody would see this."})

    def test_an_error_in_one_sentence(self):
        error = InputError("Chest CT", "holds no voxels", "Load a CT")
        self.assertEqual(as_sentence(error), "Chest CT holds no voxels. Load a CT.")

        def check():
            raise error

        self.assertEqual(complaint_of(check), as_sentence(error))
        self.assertEqual(complaint_of(list), "")


class FirstRunTest(unittest.TestCase):
    """With other functions in the place of those that look for packages and install them."""

    def setUp(self):
        self.told = []
        self.missing = ["torch>=2.2", "scikit-image>=0.22"]
        for name, stand_in in (("missing", lambda: list(self.missing)), ("install", self.install)):
            patch = mock.patch.object(dependencies, name, stand_in)
            patch.start()
            self.addCleanup(patch.stop)
        self.problem = None
        self.first_run = FirstRun(lambda: self.told.append("ready"), lambda: self.told.append("stop"))

    def install(self):
        self.told.append("install")
        if self.problem:
            raise self.problem
        self.missing.clear()

    def text(self):
        return self.first_run.widget.findChildren(qt.QLabel)[0].text

    def test_says_what_and_how_large(self):
        for words in ("PyTorch", "scikit-image", "GB"):
            self.assertIn(words, self.text())
        self.assertFalse(self.first_run.widget.isHidden())

    def test_one_button_installs_and_then_it_is_gone(self):
        self.first_run.button.click()
        self.assertEqual(self.told, ["stop", "install", "ready"])
        self.assertTrue(self.first_run.widget.isHidden())
        self.assertEqual(self.first_run.missing, [])

    def test_a_failure_is_said_and_can_be_tried_again(self):
        for problem in (InputError("The extension PyTorch", "is not installed"), OSError("no network")):
            self.problem = problem
            self.first_run.button.click()
            self.assertIn(str(problem), self.text())
            self.assertTrue(self.first_run.button.enabled)
        self.assertNotIn("ready", self.told)

    def test_nothing_missing_nothing_shown(self):
        self.missing.clear()
        self.first_run.refresh()
        self.assertTrue(self.first_run.widget.isHidden())
        self.assertEqual(explanation([]), "")


class DependenciesTest(unittest.TestCase):
    def test_the_list_is_found_and_read(self):
        self.assertTrue(dependencies.requirements_file().is_file())
        self.assertEqual(dependencies.missing(), [])

    def test_torch_needs_the_extension_that_finds_its_build(self):
        with (
            mock.patch.object(slicer.packaging, "pip_check", return_value=False),
            mock.patch.dict("sys.modules", {"PyTorchUtils": None}),
            self.assertRaisesRegex(InputError, "Extensions Manager"),
        ):
            dependencies.install()

    def test_others_never_bring_another_torch(self):
        with (
            mock.patch.object(slicer.packaging, "pip_check", return_value=True),
            mock.patch.object(slicer.packaging, "pip_ensure") as ensure,
        ):
            dependencies.install()
        self.assertTrue({"torch", "SimpleITK"} <= set(ensure.call_args.kwargs["skip_packages"]))
        self.assertFalse(ensure.call_args.kwargs["prompt_install"])


class SampleDataTest(unittest.TestCase):
    def setUp(self):
        slicer.mrmlScene.Clear(0)
        folder = Path(__file__).resolve().parents[2] / "CRFLabelPropagation" / "Resources" / "Icons"
        self.sample = sample_data.PhantomSample(folder / "LungCADPhantom.png")

    def test_the_button_makes_scan_and_regions(self):
        import SampleData

        self.sample.register()
        source = SampleData.SampleDataLogic().sourceForSampleName(sample_data.NAME)
        self.assertTrue(Path(source.thumbnailFileName).is_file())
        with mock.patch.multiple(sample_data, SIZE=sample_data.SMALL_SIZE, SPACING=sample_data.SMALL_SPACING):
            ct, rois = source.customDownloader(source)
        self.assertEqual(ct.GetImageData().GetDimensions(), sample_data.SMALL_SIZE)
        self.assertEqual(tuple(rois.GetSegmentation().GetSegmentIDs()), load_schema("gao5").codes)

    def test_packages_that_are_missing_are_said(self):
        with (
            mock.patch.object(dependencies, "missing", return_value=["torch>=2.2"]),
            self.assertRaisesRegex(InputError, "press Install"),
        ):
            self.sample.load()


if __name__ == "__main__":
    unittest.main()
