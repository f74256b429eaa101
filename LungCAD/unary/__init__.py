"""Class probabilities of lung pixels before any smoothing."""
