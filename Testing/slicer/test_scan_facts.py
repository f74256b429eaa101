"""What the DICOM database knows of a volume reaches the method, and nothing that leads to the patient."""

import tempfile
import unittest
from pathlib import Path

import numpy as np
import pydicom
import slicer
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from LungCAD.mrml.scan_facts import INSTANCES, known_facts


class Database:
    """The part of Slicer's database that is asked: one known instance."""

    def __init__(self, instance, file):
        self.instance, self.file = instance, file

    def fileForInstance(self, instance):
        return str(self.file) if instance == self.instance else ""


class ScanFactsTest(unittest.TestCase):
    def setUp(self):
        slicer.mrmlScene.Clear(0)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.instance, self.file = generate_uid(), Path(folder.name) / "slice.dcm"
        before = getattr(slicer, "dicomDatabase", None)
        slicer.dicomDatabase = Database(self.instance, self.file)
        if before is None:
            self.addCleanup(delattr, slicer, "dicomDatabase")
        else:
            self.addCleanup(setattr, slicer, "dicomDatabase", before)
        self.volume = slicer.util.addVolumeFromArray(np.zeros((2, 3, 4), np.int16), name="CT")

    def write_slice(self, **more):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, self.instance
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        header = FileDataset(str(self.file), {}, file_meta=meta, preamble=b"\0" * 128)
        header.SOPClassUID, header.SOPInstanceUID = CTImageStorage, self.instance
        header.PatientName, header.SeriesInstanceUID = "Doe^Jane", generate_uid()
        header.Modality, header.Manufacturer, header.Rows, header.Columns = "CT", "SIEMENS", 3, 4
        for name, value in {"ConvolutionKernel": "B70f", "SliceThickness": "5.0", **more}.items():
            setattr(header, name, value)
        pydicom.dcmwrite(str(self.file), header)

    def test_kernel_and_thickness_are_known(self):
        self.write_slice()
        self.volume.SetAttribute(INSTANCES, f"{self.instance} {generate_uid()}")
        facts = known_facts(self.volume)
        self.assertEqual(facts["kernel"], "B70f")
        self.assertTrue(facts["sharp_kernel"])
        self.assertEqual(facts["slice_thickness_mm"], 5.0)
        self.assertEqual(facts["modality"], "CT")
        self.assertNotIn("series_uid", facts)
        self.assertNotIn("Doe", str(facts))

    def test_nothing_is_known_of_volumes_from_elsewhere(self):
        self.assertEqual(known_facts(self.volume), {})
        self.volume.SetAttribute(INSTANCES, generate_uid())
        self.assertEqual(known_facts(self.volume), {}, "no longer in the database")
        self.volume.SetAttribute(INSTANCES, self.instance)
        self.assertEqual(known_facts(self.volume), {}, "its file is gone")
        self.file.write_bytes(b"\0" * 128 + b"DICM" + b"damaged")
        self.assertEqual(known_facts(self.volume), {}, "its file is damaged")


if __name__ == "__main__":
    unittest.main()
