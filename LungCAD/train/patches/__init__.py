"""Patch classifiers (Gao et al., ISBI 2016): reading patches, training, two-fold cross-validation."""
