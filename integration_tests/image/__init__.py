"""The connector's image, run as platforms run it: `python -m integration_tests.image IMAGE`."""
