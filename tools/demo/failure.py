"""How the demo ends when it cannot go on."""


class DemoFailed(Exception):
    """What went wrong, in a sentence for whoever runs the demo."""
