"""Makes the page of streams and fields from the classes and schemas: `make docs`."""
