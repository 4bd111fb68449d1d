"""Regenerate docs/development/reliability.md: `python -m integration_tests.faults`, or `make docs`."""

from integration_tests.faults.document import write

if __name__ == "__main__":
    write()
