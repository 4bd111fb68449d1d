"""The dbt package on tables that PyAirbyte loaded, compared with what the simulator knows about its account."""
