"""What a user must know before trusting a network."""

from __future__ import annotations

from dataclasses import dataclass

NOT_A_DEVICE = "Research only. Not a medical device: not for diagnosis or treatment."


@dataclass(frozen=True)
class ModelCard:
    """Where weights come from and what they are good for; every text is one paragraph of Markdown.

    data : what it was trained on, and under which licences. synthetic : whether any of that was made by us.
    command, seed : what repeats the training. results : measured, with their spread.
    """

    title: str
    data: str
    licence: str
    synthetic: bool
    command: str
    seed: int
    results: str
    intended_use: str = NOT_A_DEVICE

    def markdown(self) -> str:
        """Return the card as a Markdown document."""
        synthetic = "\n\n**Trained on synthetic data.**" if self.synthetic else ""
        sections = {
            "Intended use": self.intended_use,
            "Data and licences": self.data + synthetic,
            "Licence of the weights": self.licence,
            "Training": f"`{self.command}`, seed {self.seed}",
            "Results": self.results,
        }
        body = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections.items())
        return f"# {self.title}\n\n{body}\n"
