"""A scan in the scene, and the hand that paints on its labels."""

import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk
import slicer

from LungCAD.mrml.volumes import image_from_volume

OBLIQUE = np.array(
    [[0.56, 0.48, 0.0, -110.5], [-0.42, 0.64, 0.0, 87.25], [0.0, 0.0, 5.0, -360.2], [0.0, 0.0, 0.0, 1.0]]
)


class PaintedScan:
    """For tests that keep the scan as `volume` and its labels as `node`."""

    def image(self, array):
        image = sitk.GetImageFromArray(np.ascontiguousarray(array))
        image.CopyInformation(image_from_volume(self.volume))
        return image

    def hand(self):
        sys.path.append(str(Path(__file__).resolve().parents[2]))
        from Testing.host.painting import Painter

        return Painter(self.node, self.volume)

    def voxels(self, *place):
        voxels = np.zeros(slicer.util.arrayFromVolume(self.volume).shape, bool)
        voxels[place] = True
        return voxels
