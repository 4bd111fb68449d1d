"""Read one list or one date range completely: every row, and every primary key once."""
