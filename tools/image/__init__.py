"""Test the connector's image as platforms run it: `python -m tools.image IMAGE`."""
