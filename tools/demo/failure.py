"""The error that ends the demo."""


class DemoFailed(Exception):
    """The demo cannot continue. The text is one sentence for the person who runs it."""
