"""What may stand beside a type in `Annotated[...]`: validators, defaults, hints for widgets."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


class Validator(ABC):
    """Refuses values; classes of modules may derive from it."""

    @abstractmethod
    def validate(self, value: Any) -> None:
        """Raise ValueError unless the value may be written."""


@dataclass
class NotNone(Validator):
    def validate(self, value: Any) -> None:
        if value is None:
            raise ValueError("Value must not be None")


@dataclass
class IsInstance(Validator):
    classtype: Any

    def validate(self, value: Any) -> None:
        if value is not None and not isinstance(value, self.classtype):
            raise TypeError(f"{value!r} is no {self.classtype}")


@dataclass
class WithinRange(Validator):
    minimum: float
    maximum: float

    def validate(self, value: Any) -> None:
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"{value} is not within {self.minimum} to {self.maximum}")


@dataclass
class Minimum(Validator):
    minimum: float

    def validate(self, value: Any) -> None:
        if value < self.minimum:
            raise ValueError(f"{value} is less than {self.minimum}")


@dataclass
class Maximum(Validator):
    maximum: float

    def validate(self, value: Any) -> None:
        if value > self.maximum:
            raise ValueError(f"{value} is more than {self.maximum}")


@dataclass
class Choice(Validator):
    choices: list

    def validate(self, value: Any) -> None:
        if value not in self.choices:
            raise ValueError(f"{value!r} is none of {self.choices}")


@dataclass
class Exclude(Validator):
    excludedValues: list

    def validate(self, value: Any) -> None:
        if value in self.excludedValues:
            raise ValueError(f"{value!r} is excluded")


@dataclass
class Default:
    """The default of a member; `generator` makes a new one for every parameter node."""

    value: Any = None
    generator: Callable | None = None

    def make(self) -> Any:
        return self.generator() if self.generator else self.value


@dataclass
class Decimals:
    value: int


@dataclass
class SingleStep:
    value: float
