"""Every fault on every kind of request, once and permanently, with its expected outcome.

`table.py` holds the decisions as data, `test_matrix.py` runs them, and `document.py` writes
`docs/development/reliability.md` from them.
"""
