"""Names on the sheet of SAPSAM's readers (section 1.2): six regions, and what is ticked in each."""

REGIONS = ("right_upper", "right_middle", "right_lower", "left_upper", "left_middle", "left_lower")

PREEXISTING = "preexisting"

TICKS = (PREEXISTING, "cavity", "fungus_ball", "pleural_thickening")
"""A pre-existing lung condition, and the three signs of the schema cpa3."""
