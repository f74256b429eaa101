"""Training of networks that tell which diseases an axial slice shows."""
