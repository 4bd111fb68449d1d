"""The connector's image, run as platforms run it: `python -m tools.image IMAGE`."""
