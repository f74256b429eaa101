"""Our tables beside the paper's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from LungCAD.files import write_json, write_text
from LungCAD.report.plots import LIGHT, paper_figure, png_bytes
from LungCAD.report.record import versions
from LungCAD.train.ild.ablation import Result
from LungCAD.train.ild.ablation_rows import AblationParameters

THEIRS = "#9aa0a6"


def write_ablation(
    folder: Path, results: Sequence[Result], parameters: AblationParameters, command: str
) -> None:
    """Write table.md, ablation.json and ablation.png into the folder."""
    record = {
        "command": command,
        "parameters": parameters.as_dict(),
        "rows": [result.as_dict() for result in results],
        "versions": versions(),
    }
    write_text(folder / "table.md", table(results))
    write_json(folder / "ablation.json", record)
    (folder / "ablation.png").write_bytes(plot(results))


def table(results: Sequence[Result]) -> str:
    """Return Markdown: weights, time and balanced accuracy on phantoms, then the paper's, on patients.

    The loss is that of a row to the network proposed, where that is among them.
    """
    proposed = next((result for result in results if result.row.name == "Proposed"), None)
    lines = [
        "| network | weights, 10^5 | ms per lung | balanced accuracy, % | loss "
        "| paper: weights, 10^5 | ms | accuracy, % | loss |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        mean = 100 * np.mean(result.accuracies)
        spread = f" ± {100 * np.std(result.accuracies):.1f}" if len(result.accuracies) > 1 else ""
        ours = f"{100 * np.mean(proposed.accuracies) - mean:+.1f}" if proposed else "–"
        theirs = f"{proposed.row.paper - result.row.paper:+.1f}" if proposed else "–"
        lines.append(
            f"| {result.row.name} | {result.weights / 1e5:.2f} | {result.milliseconds:.0f} | "
            f"{mean:.1f}{spread} | {ours} | {result.row.weights:.2f} | {result.row.milliseconds:.0f} | "
            f"{result.row.paper:.1f} | {theirs} |"
        )
    return "\n".join(lines) + "\n"


def plot(results: Sequence[Result]) -> bytes:
    """Plot every repeat, and the paper's number, row by row (PNG)."""
    figure, axes = paper_figure(6.4, 1.2 + 0.3 * len(results), LIGHT)
    places = np.arange(len(results))[::-1]
    axes.plot([r.row.paper for r in results], places, "D", color=THEIRS, label="paper, on patients")
    for place, result in zip(places, results, strict=True):
        values = 100 * np.array(result.accuracies)
        axes.plot(values, np.full(len(values), place), "o", color=LIGHT.accent, alpha=0.7)
    axes.plot([], [], "o", color=LIGHT.accent, label="here, on phantoms")
    axes.set_yticks(places, [result.row.name for result in results])
    axes.set(xlabel="Balanced accuracy (%)", ylim=(-0.5, len(results) - 0.5))  # or half a marker is cut
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
    return png_bytes(figure)
