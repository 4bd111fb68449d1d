"""Every fault on every kind of call, once and for ever, and what each must lead to.

`table.py` holds the decisions as data, `test_matrix.py` runs them, and `document.py` writes
`docs/development/reliability.md` from them.
"""
