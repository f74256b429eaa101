"""A synthetic thorax with known truth: anatomy, disease, scanner, and a reader who draws sparse regions."""

from LungCAD.phantom.radiograph import make_radiograph
from LungCAD.phantom.reader import draw_rois, fraction_rois
from LungCAD.phantom.study import BENCHMARK, PhantomStudy, StudyParameters, make_study

__all__ = [
    "BENCHMARK",
    "PhantomStudy",
    "StudyParameters",
    "draw_rois",
    "fraction_rois",
    "make_radiograph",
    "make_study",
]
