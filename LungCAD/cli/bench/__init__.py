"""Benchmarks behind `lungcad bench`, one file per subject."""
