"""The dbt package on tables that PyAirbyte has filled, compared with what the simulator knows of its account."""
