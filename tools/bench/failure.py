"""The error that ends a measurement."""


class BenchFailed(Exception):
    """A measurement is invalid. The text says why."""
