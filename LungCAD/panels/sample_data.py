"""Studies of a phantom, made here and now: nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slicer

from LungCAD.errors import InputError
from LungCAD.mrml import dependencies
from LungCAD.panels.views import show_over
from LungCAD.progress import Progress, silent

CATEGORY, NAME = "LungCAD", "LungCADPhantom"
SIZE, SPACING = (288, 240, 32), (1.2, 1.2, 8.0)
SMALL_SIZE, SMALL_SPACING = (144, 120, 16), (2.4, 2.4, 16.0)
SCHEMA = "gao5"
INTERSTITIAL_NAME = "LungCADInterstitial"
INTERSTITIAL_SIZE, INTERSTITIAL_SPACING = (384, 320, 28), (0.9, 0.9, 9.3)
SMALL_INTERSTITIAL_SIZE, SMALL_INTERSTITIAL_SPACING = (384, 320, 12), (0.9, 0.9, 21.7)
INTERSTITIAL_SCHEMA = "lungnet6"
SCAN_NAME = "LungCADScreening"
SCAN_SIZE, SCAN_SPACING = (288, 240, 40), (1.2, 1.2, 6.5)
SCAN_SCHEMA = "ltrc5"
CPA_NAME = "LungCADAspergillosis"
CPA_SIZE, SMALL_CPA_SIZE = (288, 288, 150), (96, 96, 54)
FILM_NAME = "LungCADRadiograph"
FILM_SIZE, FILM_SPACING = (288, 240, 96), (1.2, 1.2, 3.0)


def load_phantom_study(
    seed: int = 0, small: bool = False, progress: Progress = silent
) -> tuple[slicer.vtkMRMLScalarVolumeNode, slicer.vtkMRMLSegmentationNode]:
    """Make a synthetic chest CT with five kinds of tissue, and the sparse regions that a reader drew in it.

    Returns the two nodes. Takes seconds; the same seed makes the same study.
    """
    from LungCAD.labels import load_schema
    from LungCAD.mrml.segments import show_labels
    from LungCAD.mrml.volumes import volume_from_image
    from LungCAD.phantom import StudyParameters, draw_rois, make_study

    size, spacing = (SMALL_SIZE, SMALL_SPACING) if small else (SIZE, SPACING)
    study = make_study(StudyParameters(size=size, spacing=spacing, seed=seed, schema=SCHEMA), progress)
    ct = volume_from_image(study.ct, NAME)
    ct.CreateDefaultDisplayNodes()
    rois = draw_rois(study.labels, study.lungs, seed)
    drawn = show_labels(rois, load_schema(SCHEMA), ct, name=f"{NAME} drawn regions")
    return ct, drawn


def load_phantom_ct(
    seed: int = 0, small: bool = False, progress: Progress = silent
) -> tuple[slicer.vtkMRMLScalarVolumeNode]:
    """Make a synthetic chest CT with patterns of interstitial lung disease; return its node alone.

    Its pixels are as small as networks for textures want them. Takes seconds; the same seed makes the same.
    """
    size = SMALL_INTERSTITIAL_SIZE if small else INTERSTITIAL_SIZE
    spacing = SMALL_INTERSTITIAL_SPACING if small else INTERSTITIAL_SPACING
    return (_phantom(INTERSTITIAL_NAME, size, spacing, seed, INTERSTITIAL_SCHEMA, progress),)


def load_phantom_scan(
    seed: int = 0, small: bool = False, progress: Progress = silent
) -> tuple[slicer.vtkMRMLScalarVolumeNode]:
    """Make a synthetic chest CT in which some slices show disease; return its node alone.

    Takes seconds; the same seed makes the same scan.
    """
    size, spacing = (SMALL_SIZE, SMALL_SPACING) if small else (SCAN_SIZE, SCAN_SPACING)
    return (_phantom(SCAN_NAME, size, spacing, seed, SCAN_SCHEMA, progress),)


def load_phantom_aspergillosis(
    seed: int = 0, small: bool = False, progress: Progress = silent
) -> tuple[slicer.vtkMRMLScalarVolumeNode]:
    """Make a synthetic chest CT with signs of chronic pulmonary aspergillosis; return its node alone.

    Takes half a minute; the same seed makes the same scan.
    """
    from LungCAD.mrml.volumes import volume_from_image
    from LungCAD.phantom.aspergillosis_study import AspergillosisParameters, make_aspergillosis

    progress(0.0, "Making a synthetic scan")
    studies = make_aspergillosis(
        AspergillosisParameters(SMALL_CPA_SIZE if small else CPA_SIZE, seed, 8, True)
    )
    study = next(study for study in studies if study.disease)
    ct = volume_from_image(study.ct, CPA_NAME)
    ct.CreateDefaultDisplayNodes()
    progress(1.0, "Done")
    return (ct,)


def load_phantom_radiograph(
    seed: int = 0, progress: Progress = silent
) -> tuple[slicer.vtkMRMLScalarVolumeNode]:
    """Make the frontal chest radiograph of a healthy synthetic chest; return its node alone.

    Takes seconds; the same seed makes the same film.
    """
    import SimpleITK as sitk

    from LungCAD.mrml.volumes import volume_from_image
    from LungCAD.phantom import StudyParameters, make_radiograph, make_study

    parameters = StudyParameters(size=FILM_SIZE, spacing=FILM_SPACING, seed=seed, disease=False)
    study = make_study(parameters, progress)
    film, _ = make_radiograph(study.ct, study.lungs)
    return (volume_from_image(sitk.JoinSeries([film]), FILM_NAME),)


def _phantom(
    name: str,
    size: tuple[int, int, int],
    spacing: tuple[float, float, float],
    seed: int,
    schema: str,
    progress: Progress,
) -> slicer.vtkMRMLScalarVolumeNode:
    from LungCAD.mrml.volumes import volume_from_image
    from LungCAD.phantom import StudyParameters, make_study

    parameters = StudyParameters(size=size, spacing=spacing, seed=seed, schema=schema)
    ct = volume_from_image(make_study(parameters, progress).ct, name)
    ct.CreateDefaultDisplayNodes()
    return ct


@dataclass(frozen=True)
class PhantomSample:
    """An entry of the module Sample Data. make : returns the nodes, and takes `progress`."""

    thumbnail: Path
    name: str = NAME
    make: Callable[..., tuple[slicer.vtkMRMLNode, ...]] = load_phantom_study

    def register(self) -> None:
        """Add the entry; call once Slicer has started."""
        import SampleData

        SampleData.SampleDataLogic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=self.name,
            thumbnailFileName=str(self.thumbnail),
            uris=[],
            fileNames=[],
            nodeNames=[],
            customDownloader=self.load,
        )

    def load(self, _source: Any = None) -> list[slicer.vtkMRMLNode]:  # noqa: ANN401 - SampleData's own
        """Make and show it; called by the button in the module Sample Data.

        Raises
        ------
        InputError
            Python packages are missing; Slicer shows the sentence.
        """
        if dependencies.missing():
            problem = "cannot be made yet, because Python packages are missing"
            raise InputError(self.name, problem, "Open a module of LungCAD and press Install")

        def report(fraction: float, message: str) -> None:
            slicer.util.showStatusMessage(f"{message} ({100 * fraction:.0f} %)")
            slicer.app.processEvents()

        nodes = list(self.make(progress=report))
        show_over(nodes[0], None, fit=True)
        return nodes
