"""Widgets for declared parameters, one row each, ready to be bound to a parameter node."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import qt

from LungCAD.panels.declared import Declared, Value

BOUND_TO = "SlicerParameterName"
"""The dynamic property by which a parameter node finds its widgets."""

NARROW_PX = 60
"""Least width of number fields; those without an upper end would ask for room for the largest number."""

ChoiceNames = Mapping[str, Mapping[str, str]]
"""What a choice of a parameter is called on screen: parameter -> choice -> words."""

DEVICES = {"auto": "The fastest there is", "cpu": "Processor", "cuda": "NVIDIA card", "mps": "Apple GPU"}
"""What the choices of the parameter `device` are called."""


class ParameterForm:
    """Rows of a form layout for some parameters of a method.

    The widgets carry the names of their parameters; `connectGui` of a parameter node binds them and sets
    their ranges. It also fills combo boxes with the bare choices, so `name_choices` is to be called after it.
    `titles` and `choice_names` are what parameters and their choices are called here instead of their names.
    """

    def __init__(
        self,
        layout: qt.QFormLayout,
        parameters: Iterable[Declared],
        titles: Mapping[str, str] | None = None,
        choice_names: ChoiceNames | None = None,
    ) -> None:
        self._layout = layout
        self._titles, self._choice_names = titles or {}, choice_names or {}
        self.widgets: dict[str, qt.QWidget] = {}
        for parameter in parameters:
            self._add_row(parameter)

    def add_presets(
        self, presets: Mapping[str, Mapping[str, Value]], apply: Callable[[Mapping[str, Value]], None]
    ) -> None:
        """Add a first row of buttons, each of which hands the values of a preset to `apply`."""
        row = qt.QHBoxLayout()
        for name, values in presets.items():
            button = qt.QPushButton(name.capitalize())
            button.toolTip = f"Set the values below to those called {name}"
            button.clicked.connect(lambda *_, values=values: apply(values))
            row.addWidget(button)
        self._layout.insertRow(0, "Set to", row)

    def name_choices(self) -> None:
        """Put words in the place of bare choices, without changing which one is current."""
        for name, words in self._choice_names.items():
            box = self.widgets.get(name)
            for index in range(box.count if box else 0):
                box.setItemText(index, words.get(box.itemText(index), box.itemText(index)))

    def _add_row(self, parameter: Declared) -> None:
        widget = _widget(parameter)
        widget.setProperty(BOUND_TO, parameter.name)
        widget.objectName = f"{parameter.name}Parameter"
        widget.toolTip = explanation(parameter)
        self.widgets[parameter.name] = widget
        title = self._titles.get(parameter.name, parameter.title)
        if isinstance(parameter.default, bool):
            widget.text = title
            self._layout.addRow("", widget)
            return
        label = qt.QLabel(title)
        label.toolTip = widget.toolTip
        self._layout.addRow(label, widget)


def explanation(parameter: Declared) -> str:
    """Return the tool tip: what the parameter does, its default and where it comes from."""
    declaration = parameter.declaration
    unit = f" {declaration.unit}" if declaration.unit else ""
    source = f" ({declaration.source})" if declaration.source else ""
    return f"{declaration.help}.\nDefault: {parameter.default}{unit}{source}"


def _widget(parameter: Declared) -> qt.QWidget:
    if parameter.declaration.choices:
        return qt.QComboBox()
    if isinstance(parameter.default, bool):
        return qt.QCheckBox()
    if isinstance(parameter.default, str):
        return qt.QLineEdit()
    widget = qt.QSpinBox() if isinstance(parameter.default, int) else qt.QDoubleSpinBox()
    widget.minimumWidth = NARROW_PX
    if parameter.declaration.unit:
        widget.suffix = f" {parameter.declaration.unit}"
    return widget
