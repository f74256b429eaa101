"""The extension as a user gets it: tracked files, configured, built and installed by CMake."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STAND_IN = Path(__file__).parent / "slicer_stand_in"


def run(*command: str | Path) -> str:
    """Return what the command prints; fails with it where the command fails."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Extension:
    """Folders of one build: a copy of the tracked files, the build tree, what was installed."""

    source: Path
    build: Path
    prefix: Path

    @property
    def modules_folder(self) -> Path:
        """Where Slicer looks for scripted modules."""
        (folder,) = self.prefix.glob("lib/Slicer-*/qt-scripted-modules")
        return folder

    def make(self) -> None:
        """Build and install; configures again where CMake sees the need."""
        run("cmake", "--build", self.build)
        run("cmake", "--install", self.build)


@pytest.fixture(scope="session")
def tracked_files() -> list[Path]:
    """Every file of the project that git knows, relative to its root."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("no git checkout: there is nothing to compare with")
    names = run("git", "-C", ROOT, "ls-files", "-z").split("\0")
    return [Path(name) for name in names if name and (ROOT / name).is_file()]


@pytest.fixture(scope="session")
def build_extension(tracked_files, tmp_path_factory) -> Callable[[], Extension]:
    """Install the extension from a copy of the tracked files, as a factory of such installations."""
    for tool in ("cmake", "c++"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")

    def build() -> Extension:
        folder = tmp_path_factory.mktemp("extension")
        extension = Extension(folder / "source", folder / "build", folder / "installed")
        for name in tracked_files:
            target = extension.source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
        settings = {"Slicer_DIR": STAND_IN, "CMAKE_INSTALL_PREFIX": extension.prefix}
        definitions = [f"-D{name}={value}" for name, value in settings.items()]
        run("cmake", "-S", extension.source, "-B", extension.build, *definitions)
        extension.make()
        return extension

    return build


@pytest.fixture(scope="session")
def extension(build_extension) -> Extension:
    """One installation that the tests share and do not change."""
    return build_extension()
