"""Errors that end the probe, or one of its questions without an answer."""


class ProbeFailed(Exception):
    """The probe failed. The text is one sentence for the person who runs it."""


class NotTold(Exception):
    """This account cannot answer a question. The text says why."""


class OutOfCalls(Exception):
    """The calls that the probe may make are used up."""
