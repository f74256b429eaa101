"""Measurements, tables, pictures and the HTML report."""
