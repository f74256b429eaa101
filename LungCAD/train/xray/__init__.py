"""Training of networks that find the lungs on chest radiographs."""
