"""One list, or one date range, read completely: every row, and every primary key once."""
