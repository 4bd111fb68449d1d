"""The connector as Airbyte would run it, against the simulator, into a DuckDB file: `make demo`."""
