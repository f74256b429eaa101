"""The dense conditional random field."""
