"""Read, check and write images; geometry and HU windows."""
