"""LungCAD: label, review and read lungs on chest images. A research tool, not a medical device."""

__version__ = "0.1.0"
