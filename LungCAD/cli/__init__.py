"""The lungcad command."""
