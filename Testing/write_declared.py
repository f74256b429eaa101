"""Write down the declared parameters of every method for its panel; to be run when a declaration changed."""

from __future__ import annotations

import json
from pathlib import Path

import LungCAD.panels
from LungCAD.files import write_text
from LungCAD.panels.declared import describe
from LungCAD.parameters import Parameters
from LungCAD.tasks.cpa import CpaParameters
from LungCAD.tasks.ild_detection import IldDetectionParameters
from LungCAD.tasks.ild_segmentation import IldSegmentationParameters
from LungCAD.tasks.label_propagation import LabelPropagationParameters
from LungCAD.tasks.xray_lungs import XrayLungParameters

FOLDER = Path(LungCAD.panels.__file__).parent / "declared"

METHODS: dict[str, Parameters] = {
    "cpa": CpaParameters(),
    "ild_detection": IldDetectionParameters(),
    "ild_segmentation": IldSegmentationParameters(),
    "label_propagation": LabelPropagationParameters(),
    "xray_lungs": XrayLungParameters(),
}


def text_of(parameters: Parameters) -> str:
    """Return the content of the file."""
    return json.dumps(describe(parameters), indent=2) + "\n"


if __name__ == "__main__":
    for name, parameters in METHODS.items():
        write_text(FOLDER / f"{name}.json", text_of(parameters), overwrite=True)
        print(f"Wrote {FOLDER / name}.json")
