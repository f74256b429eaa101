"""Headless training. What needs Lightning is imported where it is used; reading data is not among it."""
