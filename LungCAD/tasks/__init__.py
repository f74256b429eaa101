"""One file per method: its parameters and its run()."""
