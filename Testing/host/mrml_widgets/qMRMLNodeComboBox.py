from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtWidgets

from Testing.host.mrml_widgets.scene_observer import SceneObserver
from Testing.host.pythonqt.declaring import kept
from Testing.host.pythonqt.properties import like_cpp

ADD, RENAME, DELETE = "Create new ", "Rename current ", "Delete current "


@like_cpp
class qMRMLNodeComboBox(QtWidgets.QWidget):
    """Chooses a node of the scene. Without a scene it is disabled and has no node, as in Slicer."""

    currentNodeChanged = QtCore.Signal((object,), (bool,))
    currentNodeIDChanged = QtCore.Signal(str)
    nodeActivated = QtCore.Signal(object)
    nodeAdded = QtCore.Signal(object)
    nodeAddedByUser = QtCore.Signal(object)
    nodeAboutToBeRemoved = QtCore.Signal(object)
    currentNodeRenamed = QtCore.Signal(str)
    nodeAboutToBeEdited = QtCore.Signal(object)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._observer = SceneObserver(self, self._scene_changed, self._removing)
        self._attributes: list[tuple[str, str, Any]] = []
        self._nodes: list[Any] = []
        self._node = None
        self._combo = QtWidgets.QComboBox()
        self._combo.setSizePolicy(QtWidgets.QSizePolicy.Ignored, QtWidgets.QSizePolicy.Fixed)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._combo)
        self._combo.activated.connect(self._activated)
        self._combo.setEnabled(False)

    def mrmlScene(self) -> Any:
        return self._observer.scene

    def setMRMLScene(self, scene: Any) -> None:
        self._observer.observe(scene)
        self._combo.setEnabled(scene is not None)
        self._scene_changed()

    def currentNode(self) -> Any:
        return self._node

    def setCurrentNode(self, node: Any) -> None:
        if isinstance(node, str):
            node = self._scene_node(node)
        if node is not None and not self._accepts(node):
            node = None
        self._choose(node)

    def setCurrentNodeID(self, node_id: str | None) -> None:
        self._choose(self._scene_node(node_id) if node_id else None)

    def setCurrentNodeIndex(self, index: int) -> None:
        self._choose(self._nodes[index] if 0 <= index < len(self._nodes) else None)

    def nodeCount(self) -> int:
        return len(self._nodes)

    def nodeFromIndex(self, index: int) -> Any:
        return self._nodes[index] if 0 <= index < len(self._nodes) else None

    def addNode(self, class_name: str = "") -> Any:
        class_name = class_name or self.nodeTypes[0]
        scene = self._observer.scene
        node = scene.CreateNodeByClass(class_name)
        node.UnRegister(None)
        base = self.baseName or node.GetNodeTagName()
        node.SetName(scene.GenerateUniqueName(base))
        for kind, name, value in self._attributes:
            if kind == class_name and value is not None:
                node.SetAttribute(name, str(value))
        node = scene.AddNode(node)
        self.nodeAddedByUser.emit(node)
        if self.selectNodeUponCreation:
            self._choose(node)
        return node

    def removeCurrentNode(self) -> None:
        if self._node is not None:
            self._observer.scene.RemoveNode(self._node)

    def addAttribute(self, class_name: str, name: str, value: Any = None) -> None:
        self._attributes.append((class_name, name, value))
        self._scene_changed()

    def removeAttribute(self, class_name: str, name: str) -> None:
        self._attributes = [kept for kept in self._attributes if kept[:2] != (class_name, name)]
        self._scene_changed()

    def _accepts(self, node: Any) -> bool:
        if node.GetHideFromEditors() and not self.showHidden:
            return False
        return any(self._accepts_as(node, kind) for kind in self.nodeTypes)

    def _accepts_as(self, node: Any, kind: str) -> bool:
        exact = node.GetClassName() == kind
        if not exact and not (self.showChildNodeTypes and node.IsA(kind)):
            return False
        if any(node.IsA(hidden) for hidden in self.hideChildNodeTypes):
            return False
        wanted = [(name, value) for of, name, value in self._attributes if of == kind]
        return all(
            node.GetAttribute(name) is not None and value in (None, node.GetAttribute(name))
            for name, value in wanted
        )

    def _scene_node(self, node_id: str) -> Any:
        scene = self._observer.scene
        return scene.GetNodeByID(node_id) if scene is not None and node_id else None

    def _scene_changed(self, added: Any = None) -> None:
        scene = self._observer.scene
        nodes = [] if scene is None else [scene.GetNthNode(i) for i in range(scene.GetNumberOfNodes())]
        self._nodes = [node for node in nodes if self._accepts(node)]
        if added is not None and added in self._nodes:
            self.nodeAdded.emit(added)
        gone = self._node is not None and self._node not in self._nodes
        if gone or (self._node is None and not self.noneEnabled):
            self._choose(self._nodes[0] if self._nodes and not self.noneEnabled else None)
        self._show()

    def _removing(self, node: Any) -> None:
        self.nodeAboutToBeRemoved.emit(node)

    def _choose(self, node: Any) -> None:
        if node is self._node:
            return
        self._node = node
        self._show()
        self.currentNodeChanged[object].emit(node)
        self.currentNodeChanged[bool].emit(node is not None)
        self.currentNodeIDChanged.emit(node.GetID() if node is not None else "")

    def _show(self) -> None:
        self._combo.clear()
        if self.noneEnabled or not self._nodes:
            self._combo.addItem(self.noneDisplay if self.noneEnabled else "Select a node", None)
        for node in self._nodes:
            self._combo.addItem(node.GetName(), node.GetID())
        kind = self.nodeTypes[0].removeprefix("vtkMRML").removesuffix("Node") if self.nodeTypes else ""
        for enabled, text in (
            (self.renameEnabled, RENAME), (self.addEnabled, ADD), (self.removeEnabled, DELETE),
        ):  # fmt: skip
            if enabled:
                self._combo.addItem(text + kind, text)
        index = self._combo.findData(self._node.GetID()) if self._node is not None else 0
        self._combo.setCurrentIndex(index)

    def _activated(self, index: int) -> None:
        data = self._combo.itemData(index)
        if data == ADD:
            self.addNode()
        elif data == DELETE:
            self.removeCurrentNode()
        else:
            self._choose(self._scene_node(data))
            self.nodeActivated.emit(self._node)
        self._show()

    def _get_id(self) -> str:
        return self._node.GetID() if self._node is not None else ""

    currentNodeID = QtCore.Property(str, _get_id, setCurrentNodeID)
    currentNodeId = QtCore.Property(str, _get_id, setCurrentNodeID)
    nodeTypes = kept("QStringList", (), _scene_changed)
    showHidden = kept(bool, False, _scene_changed)
    showChildNodeTypes = kept(bool, True, _scene_changed)
    hideChildNodeTypes = kept("QStringList", (), _scene_changed)
    baseName = kept(str, "")
    noneEnabled = kept(bool, False, _scene_changed)
    noneDisplay = kept(str, "None", _scene_changed)
    addEnabled = kept(bool, True, _scene_changed)
    removeEnabled = kept(bool, False, _scene_changed)
    editEnabled = kept(bool, False)
    renameEnabled = kept(bool, False, _scene_changed)
    selectNodeUponCreation = kept(bool, True)
