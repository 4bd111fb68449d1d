"""Parse compiled models in the SQL dialect of a warehouse. Runs in dbt's environment, which has sqlglot.

The compiled tests of the models are parsed as well. Prints one line of JSON: the number of models, and the functions
that the dialect's parser does not know.
"""

import json
import sys
from pathlib import Path

import sqlglot
from sqlglot import exp


def main() -> int:
    """Parse every file in a folder. Raise sqlglot's `ParseError` if a model is not valid SQL in the dialect."""
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
