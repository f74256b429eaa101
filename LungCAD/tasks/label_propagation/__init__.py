"""Label propagation: from a CT and a few drawn regions to a fully labelled lung (Gao et al., ISBI 2016).

The unary potentials come from the drawn regions of this very scan, from a network's probability map, or from
both; a dense CRF spreads them over the lung. What a reader corrects in the result becomes a hard constraint
of the next propagation. Three things hold on every run: a drawn voxel keeps its label, nothing outside lung,
drawing and correction is labelled, no message passes between lung and non-lung.
"""

from LungCAD.tasks.label_propagation.inputs import LabelPropagationInputs
from LungCAD.tasks.label_propagation.parameters import DEFAULTS, LabelPropagationParameters
from LungCAD.tasks.label_propagation.result import LabelPropagationResult
from LungCAD.tasks.label_propagation.session import LabelPropagation, run

__all__ = [
    "DEFAULTS",
    "LabelPropagation",
    "LabelPropagationInputs",
    "LabelPropagationParameters",
    "LabelPropagationResult",
    "run",
]
