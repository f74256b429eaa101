from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6 import QtCore

from Testing.host.pythonqt.properties import like_cpp

TYPES = {
    ".mrml": "SceneFile", ".mrb": "SceneFile", ".seg.nrrd": "SegmentationFile", ".tsv": "TableFile",
    ".csv": "TableFile", ".txt": "TextFile", ".json": "MarkupsFile", ".h5": "TransformFile",
    ".ctbl": "ColorTableFile",
}  # fmt: skip
LOADED_CLASS = {
    "SegmentationFile": "vtkMRMLSegmentationNode",
    "TableFile": "vtkMRMLTableNode",
    "TextFile": "vtkMRMLTextNode",
    "TransformFile": "vtkMRMLTransformNode",
    "ColorTableFile": "vtkMRMLColorTableNode",
}


@like_cpp
class qSlicerCoreIOManager(QtCore.QObject):
    """Loads and saves scenes and nodes through their storage nodes."""

    newFileLoaded = QtCore.Signal("QVariantMap")
    fileSaved = QtCore.Signal("QVariantMap")

    def __init__(self, scene: Any, logics: dict[str, Any]) -> None:
        super().__init__()
        self._scene = scene
        self._logics = logics

    def fileType(self, path: str) -> str:
        return next((kind for end, kind in TYPES.items() if str(path).endswith(end)), "VolumeFile")

    def fileWriterFileType(self, node: Any, preferred: str = "") -> str:
        return "NodeFile"

    def loadNodes(self, kind: str, properties: dict, loaded: Any = None, messages: Any = None) -> bool:
        path = str(properties["fileName"])
        if not Path(path).exists():
            return False
        if kind == "SceneFile":
            return self._load_scene(path, bool(properties.get("clear", False)))
        node = self._load_node(kind, path, properties)
        if node is not None and loaded is not None:
            loaded.AddItem(node)
        return node is not None

    def loadScene(self, path: str, clear: bool = True, messages: Any = None) -> bool:
        return self._load_scene(path, clear)

    def saveNodes(self, kind: str, properties: dict, messages: Any = None, scene: Any = None) -> bool:
        path = str(properties["fileName"])
        if kind == "SceneFile":
            return self._save_scene(path)
        return self._save_node(self._scene.GetNodeByID(properties["nodeID"]), path)

    def saveScene(self, path: str, picture: Any = None, messages: Any = None) -> bool:
        return self._save_scene(path)

    def _load_scene(self, path: str, clear: bool) -> bool:
        if path.endswith(".mrb"):
            return bool(self._scene.ReadFromMRB(path, clear))
        self._scene.SetURL(path)
        return bool(self._scene.Connect() if clear else self._scene.Import())

    def _save_scene(self, path: str) -> bool:
        if path.endswith(".mrb"):
            return bool(self._scene.WriteToMRB(path, None))
        self._scene.SetURL(path)
        return bool(self._scene.Commit(path))

    def _load_node(self, kind: str, path: str, properties: dict) -> Any:
        name = properties.get("name") or Path(path).name.split(".")[0]
        if kind == "VolumeFile":
            labels = 1 if properties.get("labelmap") else 0
            return self._logics["Volumes"].AddArchetypeVolume(path, name, labels)
        if kind == "MarkupsFile":
            return self._scene.GetNodeByID(self._logics["Markups"].LoadMarkups(path, name) or "")
        node = self._scene.AddNewNodeByClass(LOADED_CLASS[kind], name)
        storage = node.CreateDefaultStorageNode()
        storage.UnRegister(None)
        self._scene.AddNode(storage)
        storage.SetFileName(path)
        node.SetAndObserveStorageNodeID(storage.GetID())
        if storage.ReadData(node):
            return node
        self._scene.RemoveNode(node)
        return None

    def _save_node(self, node: Any, path: str) -> bool:
        if node.GetStorageNode() is None:
            node.AddDefaultStorageNode(path)
        node.GetStorageNode().SetFileName(path)
        return bool(node.GetStorageNode().WriteData(node))
