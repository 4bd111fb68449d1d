"""Parse compiled models in the dialect of a warehouse. Run in dbt's environment, where sqlglot is.

Tests of the models are compiled beside them and parsed as well. Prints a line of JSON: how many models there are, and
the functions that the dialect's parser does not know.
"""

import json
import sys
from pathlib import Path

import sqlglot
from sqlglot import exp


def main() -> int:
    """Parse every file below a folder. Raises sqlglot's ParseError for a model that is no SQL of the dialect."""
    dialect, folder = sys.argv[1], Path(sys.argv[2])
    unknown: set[str] = set()
    files = sorted(folder.glob("**/*.sql"))
    for path in files:
        (statement,) = sqlglot.parse(path.read_text(), read=dialect, error_level=sqlglot.ErrorLevel.RAISE)
        assert statement is not None, path
        unknown |= {str(call.this).lower() for call in statement.find_all(exp.Anonymous)}
    models = sum(path.parent.suffix != ".yml" for path in files)
    print(json.dumps({"models": models, "unknown": sorted(unknown)}))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
