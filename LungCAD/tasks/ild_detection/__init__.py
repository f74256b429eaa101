"""Which diseases the slices of a CT show, without lung mask or region (Gao et al. 2017, arXiv 1701.05616).

>>> from LungCAD.tasks import ild_detection
>>> result = ild_detection.run(ct)  # doctest: +SKIP
>>> [(one.name, one.present) for one in result.findings.diseases]  # doctest: +SKIP
"""

from LungCAD.tasks.ild_detection.detector import Detector
from LungCAD.tasks.ild_detection.parameters import IldDetectionParameters
from LungCAD.tasks.ild_detection.result import IldDetection
from LungCAD.tasks.ild_detection.run import run

__all__ = ["Detector", "IldDetection", "IldDetectionParameters", "run"]
