"""Every fault of `tools/faults` on every kind of request, once and permanently: `test_matrix.py` runs them."""
