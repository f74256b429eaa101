"""Segmentation of interstitial lung disease (Anthimopoulos et al., 2018): loss and folds."""
