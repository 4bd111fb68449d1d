"""Every fault on every kind of call, once and for ever, and what each must lead to.

`table.py` is the decision, as data; `test_matrix.py` runs it, and `document.py` makes docs/reliability.md of it.
"""
