# ruff: noqa: N802 - Slicer calls the methods of a module's widget by their names in camel case
"""What the panels have in common that say what a CT shows, and let the reader correct it by ticks."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, ClassVar

import slicer
from slicer.i18n import tr as _

from LungCAD.errors import InputError
from LungCAD.mrml.scan_findings import belong_to, data_of, findings_on
from LungCAD.panels.folder_panel import Case, FolderPanel
from LungCAD.panels.problems import complaint_of
from LungCAD.panels.views import show_over
from LungCAD.worker import JobResult

CT_SUBJECTS = ("CT", "The CT", "The scan")
"""What errors of the methods call the CT."""


class FindingsPanel(FolderPanel):
    """Base of such panels; `ct` and `findings` are members of their parameter nodes.

    A subclass names the job on one CT (`CASE_JOB`), puts its result into the scene (`keepResult`), and shows
    what the nodes say (`summaryOf`, `showFindings`) or nothing (`showNothing`). Every CT keeps findings of
    its own; the panel shows those of the CT that is chosen.
    """

    CASE_JOB: ClassVar[str]

    _shown: slicer.vtkMRMLTextNode | None = None

    def keepResult(
        self, result: JobResult, ct: slicer.vtkMRMLScalarVolumeNode
    ) -> Generator[float, None, Any]:
        """Put a result into the scene, into the nodes of an earlier one on the same CT; return the nodes.

        Yields now and then.
        """
        raise NotImplementedError

    def summaryOf(self, data: Mapping[str, Any]) -> str:
        """Return what the findings say in a few sentences."""
        raise NotImplementedError

    def showFindings(self, nodes: Any, ct: slicer.vtkMRMLScalarVolumeNode, case: str) -> None:  # noqa: ANN401
        """Fill the panel with what was found; case : pseudonym of the CT."""
        raise NotImplementedError

    def showNothing(self) -> None:
        """Empty the panel: nothing was found on the chosen CT yet."""
        self.review.close()

    def onSceneStartClose(self, caller: Any, event: Any) -> None:  # noqa: ANN401
        """Forget what was shown with the scene's nodes."""
        self._shown = None
        self.showNothing()
        super().onSceneStartClose(caller, event)

    def refresh(self) -> None:
        """Show what was chosen and found, then look at the CT."""
        if self.node is not None:
            result = self._of_chosen_ct()
            self.ui.resultSummary.text = self.node.summary
            self.ui.resultCollapsibleButton.visible = result.findings is not None
            if result.findings is not self._shown:
                self._resume(result)
        super().refresh()

    def inputNodes(self) -> list[Any]:
        """Return the CT."""
        return [self.node.ct]

    def waitsFor(self) -> str:
        """Return what is still to be chosen."""
        return "" if self.node.ct is not None else _("Choose a CT")

    def findProblems(self) -> dict[str, str]:
        """Look at the CT."""
        from LungCAD.mrml.input_checks import check_ct

        ct = self.node.ct
        sentence = complaint_of(lambda: check_ct(ct)) if ct is not None else ""
        return {"ct": sentence} if sentence else {}

    def fieldOf(self, error: InputError) -> str:
        """Return the field of the CT or the folder that the error names."""
        if self.node.ct is not None and error.subject in (self.node.ct.GetName(), *CT_SUBJECTS):
            return "ct"
        return super().fieldOf(error)

    def apply(self) -> None:
        """Look at the chosen CT."""
        from LungCAD.mrml.label_propagation import ct_inputs

        self.runCase(self.CASE_JOB, ct_inputs(self.node.ct), self.node.ct)

    def showCase(self, case: Case, result: JobResult) -> Generator[float, None, None]:
        """Put what was found into the scene, and show it, unless another CT was chosen meanwhile."""
        from LungCAD.mrml.scan_order import identify_in_steps

        scan = yield from identify_in_steps(case.volume)
        nodes = yield from self.keepResult(result, case.volume)
        if self.node.ct is case.volume:
            self._keep(nodes)
            self._show_findings(nodes, case.volume, scan.case)

    def _of_chosen_ct(self) -> Any:  # noqa: ANN401
        """Return the nodes of what was found on the chosen CT, those that another one has put aside."""
        nodes = self.logic.resultNodes(self.node)
        if not belong_to(nodes, self.node.ct):
            found = findings_on(self.node.ct, self.logic.RESULT)
            if found != nodes:
                self._keep(found)
            return found
        return nodes

    def _keep(self, nodes: Any) -> None:  # noqa: ANN401
        summary = self.summaryOf(data_of(nodes)) if nodes.findings is not None else ""
        self.logic.keep(self.node, nodes, summary)

    def _resume(self, nodes: Any) -> None:  # noqa: ANN401
        """Show what was found earlier, or nothing; then views that show another CT turn to the chosen one."""
        if nodes.findings is None:
            self._shown = None
            self.showNothing()
            if self.node.ct is not None:
                show_over(self.node.ct, None, fit=True)
            return
        from LungCAD.mrml.scan_order import identify_in_steps
        from LungCAD.steps import finish

        scan = finish(identify_in_steps(self.node.ct))
        self._show_findings(nodes, self.node.ct, scan.case)

    def _show_findings(self, nodes: Any, ct: slicer.vtkMRMLScalarVolumeNode, case: str) -> None:  # noqa: ANN401
        self._shown = nodes.findings
        self.showFindings(nodes, ct, case)
