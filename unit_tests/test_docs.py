"""The documents are current: streams, keys, form, commands, and every message that they quote."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from source_hotmart.catalog import CLASSES
from source_hotmart.streams.sales_views import SalesStream
from tools.docs.streams_page import JOINS, streams_page
from tools.docs.streams_page import PAGE as STREAMS_PAGE
from unit_tests.test_schemas import nodes

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
SECURITY = ROOT / "SECURITY.md"
PAGE = ROOT / "docs" / "hotmart.md"
PERSONAL_DATA = ROOT / "docs" / "personal-data.md"
LATE_CHANGES = ROOT / "docs" / "development" / "late-changes.md"
REQUESTS = ROOT / "docs" / "development" / "requests.md"
STATE = ROOT / "docs" / "development" / "state.md"
PAGES = [README, CONTRIBUTING, SECURITY, *sorted((ROOT / "docs").rglob("*.md"))]

FORM: dict[str, Any] = json.loads((ROOT / "source_hotmart" / "spec.json").read_text("utf-8"))["connectionSpecification"]

# Airbyte's documentation checks require these headings in this order. Others are allowed only at certain places.
CLOUD, OPEN_SOURCE = "For Airbyte Cloud:", "For Airbyte Open Source:"
HEADINGS = [
    "Hotmart",
    "Prerequisites",
    "Setup guide",
    "Set up Hotmart",
    "Set up the Hotmart connector in Airbyte",
    CLOUD,
    OPEN_SOURCE,
    "Supported sync modes",
    "Supported Streams",
    "IP allow list",
    "Performance considerations",
    "Data type map",
    "Limitations & Troubleshooting",
    "Tutorials",
    "Changelog",
]
WITH_ROOM = {"Set up Hotmart", OPEN_SOURCE, "Supported Streams", "Limitations & Troubleshooting"}
FIXED_SENTENCES = {
    "Hotmart": "<HideInUI>\n\nThis page contains the setup guide and reference information for the "
    "[Hotmart](https://hotmart.com) source connector.\n\n</HideInUI>\n",
    CLOUD: "1. [Log into your Airbyte Cloud](https://cloud.airbyte.com/workspaces) account.\n"
    "2. Click Sources and then click + New source.\n"
    "3. On the Set up the source page, select Hotmart from the Source type dropdown.\n"
    "4. Enter a name for the Hotmart connector.\n",
    OPEN_SOURCE: "1. Navigate to the Airbyte Open Source dashboard.\n",
    "Supported sync modes": "The Hotmart source connector supports the following [sync modes]"
    "(https://docs.airbyte.com/cloud/core-concepts/#connection-sync-modes):\n",
    "IP allow list": "If you use Airbyte Cloud and your organization restricts access to specific IPs, add the "
    "[Airbyte Cloud IP addresses](https://docs.airbyte.com/platform/operating-airbyte/ip-allowlist) to your "
    "allow list.\n",
    "Tutorials": "Now that you have set up the Hotmart source connector, check out the following Hotmart tutorials:\n",
    "Changelog": "<details>\n  <summary>Expand to review</summary>\n",
}

# The placeholder in a quoted message for a value that varies.
PLACEHOLDERS = {
    "STREAM",
    "FIELD",
    "RANGE",
    "NUMBER",
    "STATUS",
    "CODE",
    "VALUE",
    "TYPE",
    "REASON",
    "FILE",
    "SIGNAL",
}

Row = dict[str, str]


def tables(text: str) -> list[list[Row]]:
    """Return every table: its rows as cells by column heading."""
    found: list[list[Row]] = []
    head: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] if line.startswith("|") else []
        if not cells:
            head = []
        elif not head:
            head = cells
            found.append([])
        elif set("".join(cells)) - set(":- "):
            assert len(cells) == len(head), line
            found[-1].append(dict(zip(head, cells, strict=True)))
    return found


def table(path: Path, *columns: str) -> list[Row]:
    """Return the only table of a document that has these columns."""
    (found,) = [rows for rows in tables(path.read_text("utf-8")) if rows and set(columns) <= set(rows[0])]
    return found


def names_in(cell: str) -> list[str]:
    """Return the texts in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def section(heading: str) -> str:
    """Return the text of the page between a heading and the next one."""
    match = re.search(rf"^#+ {re.escape(heading)}\n+(.*?)(?=^#+ |\Z)", prose(PAGE), re.DOTALL | re.MULTILINE)
    assert match, heading
    return match[1]


def prose(path: Path) -> str:
    """Return a document without its code blocks, because a # in them is not a heading."""
    return re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


@cache
def sentences_of_the_connector() -> list[str]:
    """Return the constant parts of the code's texts, between two placeholders, longest first."""
    found: set[str] = set()
    for path in sorted((ROOT / "source_hotmart").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            match node:
                case ast.JoinedStr(values=values):
                    texts = [str(part.value) for part in values if isinstance(part, ast.Constant)]
                case ast.Constant(value=str(text)) if " " in text and not {id(node)} & (docstrings | inner):
                    texts = re.split(r"%(?:\.\d+)?[sdf]", text)
                case _:
                    continue
            found.update(text.strip(" \n,.:;()'") for text in texts)
    # config.py uses "it" in place of the field's own name.
    found |= {text.removeprefix("token ") for text in found}
    return sorted((text for text in found if re.search(r"\w", text)), key=len, reverse=True)


def without_cut_text(message: str) -> str:
    """Return a message without its last text, which may be cut off after three or more words."""
    starts = [found.start() for found in re.finditer(r"(?<!\S)\S", message)]
    for tail in (message[start:].rstrip(" ,.:;") for start in starts):
        if tail.count(" ") >= 2 and any(text.startswith(tail) for text in sentences_of_the_connector()):
            return message[: message.index(tail)]
    return message


def words_of_our_own(message: str) -> list[str]:
    """Return the words of a quoted message that are in no text of the connector.

    "…" at the end marks the beginning of a longer message.
    """
    left = without_cut_text(message.removesuffix("…").rstrip()) if message.endswith("…") else message
    for text in sentences_of_the_connector():
        left = re.sub(rf"(?<!\w){re.escape(text)}(?!\w)", "\0", left)
    options = {"config", "catalog", "state"}
    known = PLACEHOLDERS | set(FORM["properties"]) | set(CLASSES) | options | {"it"}
    return [word for word in re.findall(r"\w+", left) if word not in known and not word.isdecimal()]


def quotes() -> list[str]:
    """Return every message that the page quotes: the first cells of tables whose first column has messages."""
    cells = (next(iter(row.items())) for rows in tables(PAGE.read_text("utf-8")) for row in rows)
    return [cell.replace("`", "") for head, cell in cells if head.startswith("Message")]


def cursor_of(cls: Any) -> list[str]:
    return [cls.cursor_field] if isinstance(cls.cursor_field, str) else []


def keys_of(cls: Any) -> list[str]:
    return [cls.primary_key] if isinstance(cls.primary_key, str) else list(cls.primary_key)


@pytest.mark.parametrize("path", [README, PAGE], ids=lambda path: path.name)
def test_every_stream_is_in_the_table_with_its_key_and_cursor(path):
    rows = table(path, "Stream", "Key", "Cursor")

    told = [(names_in(row["Stream"])[0], names_in(row["Key"]), names_in(row["Cursor"])) for row in rows]
    assert told == [(name, keys_of(cls), cursor_of(cls)) for name, cls in CLASSES.items()]


def test_readme_sync_modes_match_the_streams():
    for row in table(README, "Stream", "Sync modes"):
        (name,) = names_in(row["Stream"])
        assert row["Sync modes"] == ("full refresh, incremental" if cursor_of(CLASSES[name]) else "full refresh")


def test_recommended_sync_modes_match_the_streams():
    for row in table(PAGE, "Stream", "Sync mode"):
        (name,) = names_in(row["Stream"])
        assert row["Sync mode"] == ("Incremental" if cursor_of(CLASSES[name]) else "Full Refresh")


def test_documented_endpoints_match_the_streams():
    for name, cls in CLASSES.items():
        assert f"`GET /{cls.endpoint}`" in section_of(name)


def test_the_requests_of_every_stream_are_documented():
    rows = table(REQUESTS, "Stream", "Rows per request")

    sizes = {name: row["Rows per request"] for row in rows for name in names_in(row["Stream"])}
    assert list(sizes) == list(CLASSES)
    assert all(size in (str(CLASSES[name].page_size or "all"), "a month") for name, size in sizes.items())


def test_late_changes_are_documented_for_every_stream():
    streams = [row["Stream"] for row in table(PAGE, "Change in Hotmart", "Stream")]

    views = {name for name, cls in CLASSES.items() if issubclass(cls, SalesStream)}
    told = {name for cell in streams for name in names_in(cell)}
    assert "the four views of a sale" in streams
    assert len(views) == 4
    assert told | views == set(CLASSES)
    assert set(CLASSES) <= set(names_in(prose(LATE_CHANGES)))


def test_every_state_format_has_a_documented_example():
    kinds = re.findall(r"^```json\n(.*?)^```$", STATE.read_text("utf-8"), re.DOTALL | re.MULTILINE)

    assert [next(iter(json.loads(kind))) for kind in kinds] == ["state_type", "scopes"]


def test_the_pages_for_users_are_short():
    guide, _, _ = prose(PAGE).partition("\n## Changelog\n")

    assert len([word for word in guide.split() if re.search(r"\w", word)]) <= 3_000
    assert len(README.read_text("utf-8").splitlines()) <= 120


def test_every_form_field_is_documented_with_default_and_range():
    rows = {names_in(row["Name in a configuration file"])[0]: row for row in table(PAGE, "Field", "Required")}

    assert list(rows) == list(FORM["properties"])
    for name, field in FORM["properties"].items():
        told = rows[name]["What to fill in"]
        assert rows[name]["Field"] == field["title"]
        assert rows[name]["Required"] == ("yes" if name in FORM["required"] else "no")
        limits = [str(field[limit]) for limit in ("default", "minimum", "maximum") if limit in field]
        assert all(re.search(rf"\b{limit}\b", told) for limit in limits), told
        assert all(f"`{choice}`" in told for choice in field.get("enum", []))


def test_documented_personal_fields_match_the_schema_marks():
    in_schemas = {}
    for name in CLASSES:
        schema = json.loads((ROOT / "source_hotmart" / "schemas" / f"{name}.json").read_text("utf-8"))
        marks = [(path, node["x-personal"]) for path, node in nodes(schema) if "x-personal" in node]
        personal = [path for path, marked in marks if marked is True]
        dropped = [path for path, marked in marks if marked == "drop"]
        open_inside = [
            path for path, marked in marks if not marked and path.startswith(tuple(f"{p}." for p in personal))
        ]
        if personal or dropped:
            in_schemas[name] = (sorted(personal), sorted(dropped), sorted(open_inside))

    columns = ("Personal", "Null with Hash too", "Stays as it is")
    rows = table(PERSONAL_DATA, "Stream", *columns)
    on_page = {names_in(row["Stream"])[0]: tuple(sorted(names_in(row[column])) for column in columns) for row in rows}
    assert on_page == in_schemas


def test_every_personal_data_choice_is_documented():
    (told,) = [row["What to fill in"] for row in table(PAGE, "Field", "Required") if row["Field"] == "Personal data"]
    choices = [row["Choice"] for row in table(PERSONAL_DATA, "Choice", "What arrives")]

    titles = [choice["title"] for choice in FORM["properties"]["personal_data"]["oneOf"]]
    assert choices == titles
    assert all(f"`{title}`" in told for title in titles)


def test_the_prerequisites_name_every_required_field():
    told = section("Prerequisites").lower()

    assert all(FORM["properties"][name]["title"].lower() in told for name in FORM["required"])


@pytest.mark.parametrize("message", quotes(), ids=lambda message: message[:50])
def test_a_quoted_message_matches_a_message_of_the_connector(message):
    assert not words_of_our_own(message)


def test_a_message_unknown_to_the_connector_is_detected():
    assert words_of_our_own("STREAM: Hotmart had an internal error (500).") == []
    assert words_of_our_own("STREAM: Hotmart had an inner error (500).") != []
    assert words_of_our_own("STREAM: Hotmart had an internal error.") != []
    assert words_of_our_own("STREAM: Hotmart had an internal …") == []
    assert words_of_our_own("STREAM: Hotmart had an inner …") != []
    assert words_of_our_own("STREAM: Hotmart had …") != []


def test_messages_are_quoted_once():
    told = list(quotes())

    assert len(told) > 15
    assert len(told) == len(set(told))


def test_headings_follow_the_airbyte_order():
    headings = re.findall(r"^#+ (.+)$", prose(PAGE), re.MULTILINE)

    assert [heading for heading in headings if heading in HEADINGS] == HEADINGS
    before = ""
    for heading in headings:
        before = heading if heading in HEADINGS else before
        assert heading in HEADINGS or before in WITH_ROOM, f"no room for {heading!r} below {before!r}"


@pytest.mark.parametrize(("heading", "sentence"), FIXED_SENTENCES.items(), ids=FIXED_SENTENCES)
def test_a_section_begins_with_the_airbyte_template_text(heading, sentence):
    assert section(heading).startswith(sentence)


def test_the_page_changelog_matches_the_repository_changelog():
    versions = re.split(r"^## (\S+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), flags=re.MULTILINE)[1:]
    entries = [
        (version, " ".join(entry.split()))
        for version, text in zip(versions[::2], versions[1::2], strict=True)
        for entry in re.split(r"^- ", text, flags=re.MULTILINE)[1:]
    ]

    assert [(row["Version"], row["Subject"]) for row in table(PAGE, "Version", "Subject")] == entries


def test_documented_make_targets_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    shown = [
        name
        for path in PAGES
        for name in re.findall(r"^\s*\$ make ([a-z-]+)(?: |$)", path.read_text("utf-8"), re.MULTILINE)
    ]
    named = [name for path in PAGES for name in re.findall(r"`make ([a-z-]+)", path.read_text("utf-8"))]

    assert {"demo", "image", "bench"} <= set(shown)
    assert {*shown, *named} <= targets


def anchors_of(path: Path) -> set[str]:
    """Return the headings of a document as link anchors."""
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_link_targets_exist(path):
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
        if "://" not in target:
            file, _, anchor = target.partition("#")
            document = path.parent / file if file else path
            assert document.exists(), target
            assert not anchor or anchor in anchors_of(document), target


def test_the_layout_table_names_existing_files():
    for row in table(CONTRIBUTING, "Where", "What"):
        assert all((ROOT / name).exists() for name in names_in(row["Where"])), row


def test_the_readme_shows_streams_and_the_demo_command_early():
    lines = README.read_text("utf-8").splitlines()

    assert next(number for number, line in enumerate(lines, 1) if line.startswith("| Stream")) <= 15
    assert next(number for number, line in enumerate(lines, 1) if "make demo" in line) <= 40


def test_the_streams_page_matches_the_output_of_make_docs():
    assert STREAMS_PAGE.read_text("utf-8") == streams_page(), "run `make docs`"


def test_documented_joins_use_existing_fields():
    fields = {name: set(re.findall(r"^\| `([^`]+)` \|", section_of(name), re.MULTILINE)) for name in CLASSES}

    for left, right, joined in JOINS:
        for names in joined.split(", "):
            of_left, _, of_right = names.partition(" = ")
            assert of_left in fields[left], (left, of_left)
            assert (of_right or of_left) in fields[right], (right, of_right)


def section_of(stream: str) -> str:
    """Return the section about one stream on the page of streams."""
    return STREAMS_PAGE.read_text("utf-8").partition(f"\n## {stream}\n")[2].partition("\n## ")[0]
