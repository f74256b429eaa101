"""Paint the picture of the README: label propagation on the demo's study.

To be run again when the method has changed; a file name as argument saves it elsewhere.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from LungCAD.files import atomic_path
from LungCAD.labels import load_schema
from LungCAD.phantom import StudyParameters, draw_rois, make_study
from LungCAD.report.pictures import SlicePainter, Style
from LungCAD.tasks import label_propagation
from LungCAD.tasks.label_propagation import LabelPropagationInputs, LabelPropagationParameters

PICTURE = Path(__file__).resolve().parents[1] / "Resources" / "Screenshots" / "propagation.png"
STYLE = Style(width=380, height=380)


def paint() -> Image.Image:
    """Return CT, labels with what was drawn, and uncertainty of the slice that shows the most classes."""
    study = make_study(StudyParameters(seed=0))
    rois = draw_rois(study.labels, study.lungs, study.seed)
    inputs = LabelPropagationInputs(ct=study.ct, rois=rois)
    result = label_propagation.run(inputs, LabelPropagationParameters(schema=study.schema))
    schema = load_schema(study.schema)
    painter = SlicePainter(
        study.ct, result.lungs, result.labels, schema, result.uncertainty, rois=rois, style=STYLE
    )
    return painter.picture(_richest_slice(painter))


def _richest_slice(painter: SlicePainter) -> int:
    """Return the drawn slice whose least common class is the most common: all classes can be seen there."""
    least = [
        np.bincount(labels.ravel(), minlength=256)[list(painter.schema.values)].min() if rois.any() else -1
        for labels, rois in zip(painter.labels.array, painter.rois.array, strict=True)
    ]
    return int(np.argmax(least))


def main(path: Path = PICTURE) -> None:
    """Write the picture in 256 colours: a third of the size, and the legend keeps its colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = paint().quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    with atomic_path(path, overwrite=True) as temporary:
        picture.save(temporary, format="PNG", optimize=True)
    print(f"Wrote {path}")


if __name__ == "__main__":
    main(*(Path(word) for word in sys.argv[1:2]))
