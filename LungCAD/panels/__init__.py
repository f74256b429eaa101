"""Qt pieces that every module of the extension shares. Imported by Slicer at start-up: no torch in here."""
