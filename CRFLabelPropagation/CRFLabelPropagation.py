import slicer
