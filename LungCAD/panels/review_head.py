"""Who reviews, what stands in the way, and the way back into a review that was left."""

from __future__ import annotations

from collections.abc import Callable

import qt

from LungCAD.errors import InputError
from LungCAD.panels import review_settings as settings
from LungCAD.panels.problems import Problems

NO_READER = "Enter your name or initials: they are written beside every decision"
FIELD = "review"


class ReviewHead:
    """The reader's name, one sentence, and a button to resume.

    renamed : called when a name was entered. resume : called by the button.
    reader : the name that was entered last; what is still being typed is nobody's name yet.
    """

    def __init__(self, renamed: Callable[[], None], resume: Callable[[], None]) -> None:
        self._renamed = renamed
        self.reader = settings.remembered(settings.READER).strip()
        self.sentence = self.elsewhere = ""
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self._scan = qt.QLabel()
        self._scan.textFormat = qt.Qt.PlainText
        self._scan.wordWrap = True
        self._scan.visible = False
        layout.addWidget(self._scan)
        row = qt.QHBoxLayout()
        row.addWidget(qt.QLabel("Reader"))
        self.reader_edit = qt.QLineEdit(self.reader)
        self.reader_edit.placeholderText = "Your name or initials"
        self.reader_edit.toolTip = NO_READER
        self.reader_edit.editingFinished.connect(self._on_renamed)
        row.addWidget(self.reader_edit, 1)
        layout.addLayout(row)
        self.resume_button = qt.QPushButton("Resume your review of this scan")
        self.resume_button.toolTip = "Open the review that you began, with all edits and decisions"
        self.resume_button.clicked.connect(lambda *_: resume())
        layout.addWidget(self.resume_button)
        label = qt.QLabel()
        layout.addWidget(label)
        self._problems = Problems({FIELD: label})

    def enter(self) -> None:
        """Take the name that was entered last, in whatever panel: a reader who has left decides nothing."""
        name = settings.remembered(settings.READER).strip()
        self.reader_edit.text = name
        if name != self.reader:
            self.reader = name
            self._renamed()

    def has_reader(self) -> bool:
        """Tell whether there is a name, and ask for it where there is none."""
        self.say("" if self.reader else NO_READER)
        return bool(self.reader)

    def say(self, sentence: str) -> None:
        """Show one sentence, or none."""
        self.sentence = sentence
        self._problems.show({FIELD: sentence} if sentence else {})

    def name_scan(self, name: str) -> None:
        """Say which scan the open review is of, where that is not the chosen one; empty where it is."""
        self.elsewhere = f"This review is of {name}. Choose that scan to go on with it" if name else ""
        self._scan.text = self.elsewhere
        self._scan.visible = bool(name)

    def attempt(self, act: Callable[[], object]) -> bool:
        """Do something and tell whether that went well; the label for sentences says why not."""
        self.say("")
        try:
            act()
        except InputError as error:
            self.say(str(error))
            return False
        return True

    def _on_renamed(self) -> None:
        self.reader = self.reader_edit.text.strip()
        settings.remember(settings.READER, self.reader)
        self._renamed()
