"""What Gao et al. 2017 report on LTRC: F1 and AUC of ground glass, reticulation, honeycombing, emphysema."""

from __future__ import annotations

PAPER_F1 = {
    6000.0: {
        "classification": (0.8642, 0.7686, 0.4602, 0.9468, 0.7959),
        "regression L2": (0.8343, 0.4764, 0.2314, 0.8042, 0.6882),
        "regression smooth L1": (0.9102, 0.7095, 0.3385, 0.8991, 0.8028),
    },
    4000.0: {
        "classification": (0.8825, 0.7667, 0.5068, 0.9361, 0.7656),
        "classification, not balanced": (0.8507, 0.7397, 0.4308, 0.8895, 0.7146),
        "regression L2": (0.8385, 0.5868, 0.3102, 0.8008, 0.6487),
        "regression smooth L1": (0.9079, 0.7190, 0.4092, 0.9152, 0.7774),
    },
}
"""Tables 3 (T = 6000), 4 and 8 (T = 4000): F1 of each disease and overall."""

PAPER_LAYERS_AUC = {
    "conv1": (0.979, 0.951, 0.765, 0.985),
    "conv2": (0.978, 0.953, 0.770, 0.990),
    "conv3": (0.984, 0.955, 0.780, 0.987),
    "conv4": (0.985, 0.957, 0.744, 0.989),
    "conv5": (0.984, 0.950, 0.753, 0.988),
    "fc6": (0.970, 0.900, 0.743, 0.985),
    "CNN": (0.990, 0.964, 0.809, 0.995),
}
"""Table 5: AUC of each disease."""

PAPER_LAYERS_F1 = {
    "conv1": (0.871, 0.699, 0.349, 0.879, 0.713),
    "conv2": (0.875, 0.711, 0.384, 0.895, 0.750),
    "conv3": (0.883, 0.709, 0.386, 0.887, 0.750),
    "conv4": (0.885, 0.714, 0.356, 0.897, 0.735),
    "conv5": (0.889, 0.698, 0.384, 0.893, 0.754),
    "fc6": (0.868, 0.629, 0.344, 0.877, 0.716),
    "CNN": (0.908, 0.719, 0.409, 0.915, 0.777),
}
"""Table 6: F1 of each disease and overall."""

PAPER_FEW_AUC = {
    "conv1": (0.984, 0.976, 0.898, 0.988),
    "conv2": (0.955, 0.958, 0.826, 0.975),
    "conv3": (0.953, 0.954, 0.828, 0.967),
    "conv4": (0.948, 0.951, 0.823, 0.966),
    "conv5": (0.948, 0.950, 0.806, 0.967),
    "fc6": (0.930, 0.939, 0.773, 0.985),
    "CNN": (0.943, 0.917, 0.698, 0.988),
}
"""Table 7: AUC of each disease, from a smaller data set."""

LAYERS_PX = 4000.0
"""T of tables 5 to 7. The paper does not name it, but its network has the F1 of table 4 in table 6."""
