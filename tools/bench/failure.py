"""What ends a measurement."""


class BenchFailed(Exception):
    """Something did not run as it must for a figure to mean anything; the text says what."""
