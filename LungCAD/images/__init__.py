"""Images: reading, checking, geometry, windows, writing.

>>> from LungCAD.images import read_ct, write_image
>>> scan = read_ct("chest.nii.gz")  # doctest: +SKIP
>>> write_image(scan.image, "copy.nrrd")  # doctest: +SKIP
"""

from LungCAD.images.describe import Description, describe
from LungCAD.images.fractions import copy_fractions, from_bytes, to_bytes
from LungCAD.images.geometry import (
    affine,
    axial_axis,
    from_axial,
    image_like,
    overlap,
    physical_points,
    place_on_grid,
    require_little_tilt,
    same_geometry,
    slice_tilt_degrees,
    spacing_zyx,
    tilt_degrees,
    to_axial,
    turned_round,
)
from LungCAD.images.hounsfield import require_ct, require_hu
from LungCAD.images.label_maps import (
    check_values,
    merge_labels,
    place_labels,
    refusing_other_grids,
    require_label,
)
from LungCAD.images.radiograph import film_from_values, read_radiograph
from LungCAD.images.read_ct import read_ct, read_facts
from LungCAD.images.read_labels import read_labels
from LungCAD.images.read_probabilities import read_probabilities
from LungCAD.images.scan import Scan, ScanFacts
from LungCAD.images.series import LARGEST, SeriesInfo, list_series
from LungCAD.images.txt_rois import read_txt_rois
from LungCAD.images.windows import (
    GAO,
    GAO_HIGH,
    GAO_LOW,
    GAO_NORMAL,
    LUNG,
    SAPSAM,
    SAPSAM_AIR,
    SAPSAM_LUNG,
    SAPSAM_SOFT,
    apply_window,
    apply_windows,
)
from LungCAD.images.write import write_image, write_probabilities, write_segmentation

__all__ = [
    "GAO",
    "GAO_HIGH",
    "GAO_LOW",
    "GAO_NORMAL",
    "LARGEST",
    "LUNG",
    "SAPSAM",
    "SAPSAM_AIR",
    "SAPSAM_LUNG",
    "SAPSAM_SOFT",
    "Description",
    "Scan",
    "ScanFacts",
    "SeriesInfo",
    "affine",
    "apply_window",
    "apply_windows",
    "axial_axis",
    "check_values",
    "copy_fractions",
    "describe",
    "film_from_values",
    "from_axial",
    "from_bytes",
    "image_like",
    "list_series",
    "merge_labels",
    "overlap",
    "physical_points",
    "place_labels",
    "place_on_grid",
    "read_ct",
    "read_facts",
    "read_labels",
    "read_probabilities",
    "read_radiograph",
    "read_txt_rois",
    "refusing_other_grids",
    "require_ct",
    "require_hu",
    "require_label",
    "require_little_tilt",
    "same_geometry",
    "slice_tilt_degrees",
    "spacing_zyx",
    "tilt_degrees",
    "to_axial",
    "to_bytes",
    "turned_round",
    "write_image",
    "write_probabilities",
    "write_segmentation",
]
