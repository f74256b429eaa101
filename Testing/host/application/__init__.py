"""Stand-ins for the Slicer application: `slicer.app` and what hangs from it."""
