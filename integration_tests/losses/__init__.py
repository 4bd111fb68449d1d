"""Rows that version 1.0 lost or delayed, in one sync or in all later ones, with a test for each case."""
