"""`slicer.packaging`: says what is installed, records what would be installed, installs nothing."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

calls: list[tuple[str, tuple, dict[str, Any]]] = []
"""Every request to install or remove, in order: name, arguments, keywords."""

missing: set[str] = set()
"""Packages (lower case) that a test wants to be absent."""


def load_requirements(path: str | Path) -> list[Requirement]:
    """One requirement per line; comments on lines of their own."""
    lines = [line.strip() for line in Path(path).read_text(encoding="utf-8").splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-r"))]


def pip_check(requirements: str | Requirement | Iterable) -> bool:
    """Whether all requirements are met."""
    if isinstance(requirements, (str, Requirement)):
        requirements = [requirements]
    return all(_is_met(Requirement(str(requirement))) for requirement in requirements)


def pip_ensure(requirements: Any, *arguments: Any, **keywords: Any) -> list:
    if not pip_check(requirements):
        calls.append(("pip_ensure", (requirements, *arguments), keywords))
    return []


def pip_install(requirements: Any, *arguments: Any, **keywords: Any) -> list:
    calls.append(("pip_install", (requirements, *arguments), keywords))
    return []


def pip_uninstall(requirements: Any, *arguments: Any, **keywords: Any) -> None:
    calls.append(("pip_uninstall", (requirements, *arguments), keywords))


def isPipInstallInProgress() -> bool:
    return False


def _is_met(requirement: Requirement) -> bool:
    if requirement.marker is not None and not requirement.marker.evaluate():
        return True
    if requirement.name.lower() in missing:
        return False
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return False
    return requirement.specifier.contains(version, prereleases=True)
