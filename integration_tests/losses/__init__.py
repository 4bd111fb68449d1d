"""Rows that version 1.0 lost or held back, in one sync or in all later ones: a test for each case."""
