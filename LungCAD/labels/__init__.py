"""Label schemas as data: value, code, name, colour and coded terminology of every class."""

from LungCAD.labels.entries import TERMINOLOGY_TAG, entry_identity, terminology_entry
from LungCAD.labels.load import available_schemas, load_schema, parse_schema, schema_data, schema_reference
from LungCAD.labels.provenance import Provenance
from LungCAD.labels.schema import ACCEPTED, BACKGROUND, UNTOUCHED, Code, Label, Schema, Terminology

__all__ = [
    "ACCEPTED",
    "BACKGROUND",
    "TERMINOLOGY_TAG",
    "UNTOUCHED",
    "Code",
    "Label",
    "Provenance",
    "Schema",
    "Terminology",
    "available_schemas",
    "entry_identity",
    "load_schema",
    "parse_schema",
    "schema_data",
    "schema_reference",
    "terminology_entry",
]
