"""How the probe, or one of its questions, ends without a side."""


class ProbeFailed(Exception):
    """What went wrong, in a sentence for the person who runs the probe."""


class NotTold(Exception):
    """Why this account cannot answer a question."""


class OutOfCalls(Exception):
    """The calls that the probe may make are used up."""
