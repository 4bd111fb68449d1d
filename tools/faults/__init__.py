"""Every fault on every kind of request, once and permanently, with its expected outcome, as data.

`integration_tests/faults` runs them, and `tools/docs` writes `docs/development/reliability.md` from them.
"""
