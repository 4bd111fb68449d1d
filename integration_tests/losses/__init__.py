"""Losses that were found from outside: rows that an incremental sync never read again, and states that hid them."""
