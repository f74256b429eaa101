"""Measurements, tables, pictures and the HTML report.

`measurements` and `densitometry` make the numbers, `evaluation` compares them with a truth, `tables` writes
CSV, `pictures` and `plots` draw, `record` says how to repeat a run, `html` puts everything into one file.
"""
