"""Draw when each stream ended, as SVG. Runs in .venv-bench: python -m tools.bench.picture.

Read one JSON object from stdin: the title, the seconds by stream with some streams selected, and with all selected.
"""

import json
import re
import sys

import pygal
from pygal.style import CleanStyle


def main() -> int:
    asked = json.load(sys.stdin)
    names = sorted(asked["all"], key=asked["all"].__getitem__, reverse=True)
    chart = pygal.HorizontalBar(
        title=asked["title"],
        style=CleanStyle,
        width=900,
        height=40 + 36 * len(names),
        legend_at_bottom=True,
        js=[],
        disable_xml_declaration=True,
        x_title="seconds from the start of the sync",
        uuid="schedule",
    )
    chart.x_labels = names
    chart.add("all streams selected", [round(asked["all"][name], 1) for name in names])
    chart.add("only the nine selected", [asked["nine"].get(name) and round(asked["nine"][name], 1) for name in names])
    drawn = re.sub("<!--.*?-->", "", chart.render(is_unicode=True))
    sys.stdout.write(drawn.rstrip() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
