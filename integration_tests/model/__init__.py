"""Random histories of an account. After each sync the connector's guarantees are checked without using its states."""
