"""Networks as files."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from LungCAD.errors import InputError
from LungCAD.labels import Schema, load_schema
from LungCAD.networks import ARCHITECTURES
from LungCAD.weights.checksum import require_sha256
from LungCAD.weights.description import BACKGROUND, NetworkDescription
from LungCAD.weights.tensors import read_tensors, write_tensors


def save_network(
    network: nn.Module, description: NetworkDescription, path: Path | str, overwrite: bool = False
) -> None:
    """Write a network and its description as safetensors, atomically.

    Raises
    ------
    InputError
        `path` exists and `overwrite` is false, or it cannot be written.
    """
    write_tensors(network.state_dict(), description.to_metadata(), Path(path), overwrite)


def load_network(
    path: Path | str,
    *,
    architecture: str | None = None,
    schema: Schema | None = None,
    sha256: str | None = None,
) -> tuple[nn.Module, NetworkDescription]:
    """Return the network in a file, in evaluation mode on the CPU, and its description.

    Parameters
    ----------
    path : written by `save_network`.
    architecture : the one wanted; any when None.
    schema : labels that must include the network's classes; not checked when None.
    sha256 : of the whole file or its first digits, where it is known from elsewhere. Damage is found without.

    Raises
    ------
    InputError
        The file cannot be read, is damaged, is not the expected one, or holds another kind of network.
    """
    path = Path(path)
    if sha256 is not None:
        require_sha256(path, sha256)
    tensors, metadata = read_tensors(path)
    try:
        description = NetworkDescription.from_metadata(metadata)
    except ValueError as error:
        raise InputError(path, f"holds no network: {error}", "Train one with lungcad train") from error
    _require(path, description, architecture, schema)
    try:
        network = ARCHITECTURES[description.architecture](len(description.classes), **description.options)
        network.load_state_dict(tensors)
    except (RuntimeError, TypeError, ValueError, ArithmeticError) as error:
        problem = f"does not fit the architecture {description.architecture} that it names"
        raise InputError(path, problem, "It may come from another version of LungCAD") from error
    return network.eval(), description


def _require(
    path: Path, description: NetworkDescription, architecture: str | None, schema: Schema | None
) -> None:
    found = description.architecture
    if architecture is not None and found != architecture:
        raise InputError(path, f"is a network of architecture {found}, not {architecture}")
    if found not in ARCHITECTURES:
        names = ", ".join(ARCHITECTURES)
        raise InputError(path, f"is a network of unknown architecture {found}", f"Known: {names}")
    known = (BACKGROUND, *schema.codes) if schema is not None else description.classes
    strange = [code for code in description.classes if code not in known]
    if strange:
        raise InputError(
            path,
            f"knows the classes {', '.join(strange)}, which the schema {schema.name} lacks",
            f"It was trained for {_trained_for(description.schema)}",
        )


def _trained_for(schema: str) -> str:
    try:
        return f"the schema {load_schema(schema).name}"
    except InputError:  # such as that of networks that only describe textures
        return "other labels"
