"""Rows that version 1.0 lost or held back: one test for each case, through the door that a user has."""
