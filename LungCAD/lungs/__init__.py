"""The lung field of a CT: both lungs and their six zones."""
