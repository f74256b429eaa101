"""PySide6 with the manners of PythonQt, which is how Slicer offers Qt to Python."""
