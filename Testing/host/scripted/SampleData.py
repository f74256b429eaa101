"""`SampleData`: keeps what modules register; downloads nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

sources: dict[str, list[SampleDataSource]] = {}
"""What was registered, by category."""


class SampleDataSource:
    """One entry of the module Sample Data."""

    def __init__(
        self,
        sampleName: str | None = None,
        sampleDescription: str | None = None,
        uris: Any = None,
        fileNames: Any = None,
        nodeNames: Any = None,
        checksums: Any = None,
        loadFiles: Any = None,
        customDownloader: Callable | None = None,
        thumbnailFileName: str | None = None,
        loadFileType: Any = None,
        loadFileProperties: dict | None = None,
    ) -> None:
        for name, files in (("uris", uris), ("fileNames", fileNames)):
            if files is None:
                raise ValueError(f"{name} must be given, [] where a customDownloader makes the data")
        if thumbnailFileName is not None and not Path(thumbnailFileName).is_file():
            raise FileNotFoundError(thumbnailFileName)
        self.sampleName = sampleName
        self.sampleDescription = sampleDescription or sampleName
        self.uris, self.fileNames, self.nodeNames = uris, fileNames, nodeNames
        self.checksums, self.loadFiles = checksums, loadFiles
        self.customDownloader = customDownloader
        self.thumbnailFileName = thumbnailFileName
        self.loadFileType, self.loadFileProperties = loadFileType, loadFileProperties or {}


class SampleDataLogic:
    """The part of the module that others use."""

    @staticmethod
    def registerCustomSampleDataSource(category: str = "Custom", **source: Any) -> None:
        SampleDataLogic.registerSampleDataSource(category, SampleDataSource(**source))

    @staticmethod
    def registerSampleDataSource(category: str, source: SampleDataSource) -> None:
        known = sources.setdefault(category, [])
        known[:] = [other for other in known if other.sampleName != source.sampleName] + [source]

    @staticmethod
    def sourceForSampleName(name: str) -> SampleDataSource | None:
        known = [source for category in sources.values() for source in category]
        return next((source for source in known if source.sampleName == name), None)


def press_button(name: str) -> Any:
    """Do what the button of an entry does in the module Sample Data."""
    source = SampleDataLogic.sourceForSampleName(name)
    return source.customDownloader(source)
