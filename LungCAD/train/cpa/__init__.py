"""Training of networks that tell signs of aspergillosis on projections of a CT (Zusag et al., SAPSAM)."""
