"""Label schemas as data."""
