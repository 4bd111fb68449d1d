"""Write the generated parts of `docs/analytics.md`, or with --check compare them."""

import argparse
import sys

from tools.analytics.page import PAGE, page


def main() -> int:
    """Return 1 if the page is not up to date, otherwise 0."""
    parser = argparse.ArgumentParser(prog="python -m tools.analytics", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, and fail if the page would change")
    is_check = parser.parse_args().check
    old = PAGE.read_text("utf-8")
    new = page(old)
    if not is_check:
        PAGE.write_text(new, encoding="utf-8")
    elif new != old:
        sys.stderr.write("docs/analytics.md is not up to date: run make dbt-docs\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
