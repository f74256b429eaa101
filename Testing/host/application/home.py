"""The folder that Slicer's logics look for their files in: empty lists, except where one is missed loudly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import slicer

SHARE = "share/Slicer-5.12"
TERMINOLOGIES = (
    "SegmentationCategoryTypeModifier-SlicerGeneralAnatomy",
    "SegmentationCategoryTypeModifier-DICOM-Master",
)
REGIONS = "AnatomicRegionAndModifier-DICOM-Master"
TISSUE = {
    "CodingSchemeDesignator": "SCT",
    "CodeValue": "85756007",
    "CodeMeaning": "Tissue",
}


def furnish(home: Path) -> None:
    """Make the folders and the smallest lists of terms that the logics accept."""
    terms = home / SHARE
    (terms / "ColorFiles").mkdir(parents=True)
    for folder in ("temporary", "cache"):
        (home / folder).mkdir()
    tissue = {**TISSUE, "recommendedDisplayRGBValue": [128, 174, 128]}
    category = {**TISSUE, "showAnatomy": "true", "Type": [tissue]}
    for name in TERMINOLOGIES:
        content = {
            "SegmentationCategoryTypeContextName": name,
            "@schema": "https://raw.githubusercontent.com/qiicr/dcmqi/master/doc/segment-context-schema.json#",
            "SegmentationCodes": {"Category": [category]},
        }
        (terms / f"{name}.term.json").write_text(json.dumps(content), encoding="utf-8")
    content = {
        "AnatomicContextName": REGIONS,
        "@schema": "https://raw.githubusercontent.com/qiicr/dcmqi/master/doc/anatomic-context-schema.json#",
        "AnatomicCodes": {"AnatomicRegion": [TISSUE]},
    }
    (terms / f"{REGIONS}.term.json").write_text(json.dumps(content), encoding="utf-8")


def connect_files(application_logic: Any, scene: Any, home: Path) -> list[Any]:
    """Tell the scene where to unpack what it reads; return the objects, which the caller keeps alive."""
    cache = slicer.vtkCacheManager()
    cache.SetRemoteCacheDirectory(str(home / "cache"))
    manager = slicer.vtkDataIOManager()
    manager.SetCacheManager(cache)
    manager_logic = slicer.vtkDataIOManagerLogic()
    manager_logic.SetMRMLApplicationLogic(application_logic)
    manager_logic.SetAndObserveDataIOManager(manager)
    remote_logic = slicer.vtkMRMLRemoteIOLogic()
    remote_logic.SetCacheManager(cache)
    remote_logic.SetDataIOManager(manager)
    application_logic.SetMRMLSceneDataIO(scene, remote_logic, manager_logic)
    return [cache, manager, manager_logic, remote_logic]
