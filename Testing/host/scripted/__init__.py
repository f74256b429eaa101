"""Stand-ins for Slicer's Python layer: scripted modules, parameter nodes, packaging, sample data."""
