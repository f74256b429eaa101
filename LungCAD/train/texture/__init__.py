"""Training of the network that describes texture."""
