"""The Python packages that LungCAD needs and Slicer does not bring: which are missing, how to get them."""

from __future__ import annotations

from pathlib import Path

import slicer.packaging

import LungCAD
from LungCAD.errors import InputError

TORCH = "torch>=2.2"

NEVER_PULLED_IN = ["torch", "torchvision", "SimpleITK", "numpy"]
"""Slicer and its PyTorch extension have builds of their own; no other package may bring another one."""


def requirements_file() -> Path:
    """Return the list of packages, in the source tree and in the installed one."""
    return Path(LungCAD.__file__).parents[1] / "Resources" / "requirements.txt"


def missing() -> list[str]:
    """Return the requirements that this Slicer does not meet yet; looks at metadata, imports nothing."""
    packages = slicer.packaging.load_requirements(requirements_file())
    wanted = [TORCH, *map(str, packages)]
    return [requirement for requirement in wanted if not slicer.packaging.pip_check(requirement)]


def install(show_progress: bool = True) -> None:
    """Install what is missing, without a question; takes minutes and blocks.

    Without a window there is nothing to show the progress in.

    Raises
    ------
    InputError
        The extension PyTorch, which finds the build of torch for this computer, is not installed.
    RuntimeError, subprocess.CalledProcessError
        An installation failed.
    """
    if not slicer.packaging.pip_check(TORCH):
        _install_torch()
    packages = slicer.packaging.load_requirements(requirements_file())
    slicer.packaging.pip_ensure(
        packages,
        requester="LungCAD",
        prompt_install=False,
        prompt_restart=False,
        show_progress=show_progress,
        skip_packages=NEVER_PULLED_IN,
    )


def _install_torch() -> None:
    try:
        import PyTorchUtils
    except ImportError as error:
        raise InputError(
            "The extension PyTorch",
            "is not installed in this Slicer",
            "Install it in the Extensions Manager, then start Slicer again",
        ) from error
    name, minimum = TORCH.split(">=")
    logic = PyTorchUtils.PyTorchUtilsLogic()
    if logic.installTorch(askConfirmation=False, torchVersionRequirement=f">={minimum}") is None:
        raise RuntimeError(f"{name} could not be installed; the Python console says why")
