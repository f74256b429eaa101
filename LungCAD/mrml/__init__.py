"""MRML nodes and the core's images: volumes, segments, drawn regions, heat maps, tables, plots.

Imports Slicer's classes, never Qt.
"""
