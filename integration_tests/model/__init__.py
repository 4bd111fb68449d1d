"""Random histories of an account, and what the connector promises after each sync, judged without its states."""
