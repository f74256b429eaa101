"""The worker process."""

import sys

from LungCAD.worker.server import main

if __name__ == "__main__":
    main(sys.argv[1:])
