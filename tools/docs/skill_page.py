"""`docs/hotmart-skill.md`: the whole connector on one plain page, to be given to an AI agent as its context.

Everything on it is taken from where it is true: streams from their classes and schemas, settings from the form,
commands from the Makefile, and the rest, messages included, from the documents. A new stream or setting is on it by
itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from textwrap import fill
from typing import Any

import yaml
from airbyte_cdk.sources.utils.casing import camel_to_snake
from airbyte_cdk.sources.utils.schema_helpers import ResourceSchemaLoader

from source_hotmart.catalog import stream_classes
from source_hotmart.records.columns import COLUMNS
from source_hotmart.streams.base import HotmartStream
from source_hotmart.streams.child import ChildStream
from source_hotmart.streams.dated import DatedStream
from source_hotmart.streams.sales_statuses import SALE_STATUSES
from source_hotmart.streams.sales_views import SalesStream
from tools.docs.document import ROOT, Section, section, sections, without_tables

PAGE = ROOT / "docs" / "hotmart-skill.md"
GUIDE = ROOT / "docs" / "hotmart.md"

HEAD = """\
# source-hotmart for AI agents

The whole connector on one page, to be used as context. Made by `make docs` from the classes, schemas, form and
documents of the repository; change those, not this page. For people there is [hotmart.md](hotmart.md).

When you help somebody with it:

- Never ask for Client ID, Client secret or Token in a conversation. They go into Airbyte's form, or into
  `secrets/config.json`, which git ignores.
- Look up a failure by its sentence under *Messages*; words in capitals there stand for what differs.
- Missing or old rows: first *What arrives when*, then *Limitations*. Do not invent endpoints, fields or settings that
  are not on this page.
- The connector only reads. It cannot refund, cancel or change anything in Hotmart.
"""

LEFT_OUT = {
    "Hotmart",
    "Prerequisites",
    "Setup guide",
    "For Airbyte Cloud:",
    "For Airbyte Open Source:",
    "Words that Airbyte uses",
    "The form",
    "IP allow list",
    "Tutorials",
    "Changelog",
}
"""Sections of the page for users that say nothing more to an agent, or are told here from the code."""


def skill_page() -> str:
    """The whole page."""
    parts = [
        HEAD,
        "\n".join(_facts()),
        "\n".join(_commands()),
        "\n".join(_settings()),
        "\n".join(_overview()),
        *("\n".join(stream_lines(name, cls)) for name, cls in _classes().items()),
        *(_heading(item) for item in sections(GUIDE, PAGE) if item.heading not in LEFT_OUT),
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _classes() -> dict[str, type[HotmartStream]]:
    return {camel_to_snake(cls.__name__): cls for cls in stream_classes()}


def _facts() -> Iterator[str]:
    data = yaml.safe_load((ROOT / "metadata.yaml").read_text("utf-8"))["data"]
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    python = re.search(r'^python = "(.+)"$', project, re.MULTILINE)
    yield "## Facts"
    yield ""
    yield f"- Airbyte {data['connectorType']} connector for {data['name']}, version {data['dockerImageTag']}"
    yield f"- Image `{data['dockerRepository']}`, command `source-hotmart`, licence {data['license']}"
    if python:
        yield f"- Python {python[1]}"
    yield f"- Talks to {', '.join(data['allowedHosts']['hosts'])}, and to nobody else"
    for link in data["externalDocumentationUrls"]:
        yield f"- {link['title']}: {link['url']}"


def _commands() -> Iterator[str]:
    yield "## Commands"
    yield ""
    yield section(ROOT / "README.md", "Read your own account", PAGE).text
    yield ""
    yield "In the repository:"
    yield ""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for name, told in re.findall(r"^([a-z-]+):.*?## (.+)$", makefile, re.MULTILINE):
        yield f"- `make {name}`: {told}"


def _settings() -> Iterator[str]:
    form = json.loads((ROOT / "source_hotmart" / "spec.json").read_text("utf-8"))["connectionSpecification"]
    yield "## Settings"
    yield ""
    yield "As they stand in a configuration file, with the title that Airbyte's form shows."
    yield ""
    for name, field in form["properties"].items():
        yield from setting_lines(name, field, is_required=name in form["required"])


def setting_lines(name: str, field: Mapping[str, Any], *, is_required: bool, indent: str = "") -> Iterator[str]:
    """What is told of one field of the form, and of the fields inside its choices."""
    facts = [field["type"], "required" if is_required else "optional"]
    if field.get("airbyte_secret"):
        facts.append("secret")
    if "const" in field:
        facts.append(f"always `{field['const']}`")
    if "enum" in field:
        facts.append("one of " + ", ".join(f"`{choice}`" for choice in field["enum"]))
    facts += [f"{limit} {field[limit]}" for limit in ("minimum", "maximum", "minLength", "default") if limit in field]
    if "examples" in field:
        facts.append("such as " + ", ".join(f"`{example}`" for example in field["examples"]))
    title = f" ({field['title']})" if "title" in field else ""
    told = f": {field['description']}" if "description" in field else ""
    yield f"{indent}- `{name}`{title}, {', '.join(facts)}{told}"
    for choice in field.get("oneOf", []):
        yield f"{indent}  - {choice['title']}: {choice['description']}"
        for inner, inner_field in choice["properties"].items():
            required = inner in choice.get("required", [])
            yield from setting_lines(inner, inner_field, is_required=required, indent=f"{indent}    ")


def _overview() -> Iterator[str]:
    yield "## Streams"
    yield ""
    yield "Every field may be null. Ids are text, times are UTC. Every stream has two more columns:"
    yield ""
    yield from (f"- `{name}`: {column['description']}" for name, column in COLUMNS.items())
    yield ""
    yield f"Statuses of a sale: {', '.join(SALE_STATUSES)}."
    yield ""
    yield "| Stream | Key | Cursor | Endpoint |"
    yield "|---|---|---|---|"
    for name, cls in _classes().items():
        yield f"| `{name}` | {_key(cls)} | {_cursor(cls)} | `{cls.endpoint}` |"


def stream_lines(name: str, cls: type[HotmartStream]) -> Iterator[str]:
    """What is told of one stream, from its class and its schema."""
    schema = ResourceSchemaLoader("source_hotmart").get_schema(name)
    yield f"### Stream {name}"
    yield ""
    yield schema["description"]
    yield ""
    modes = "full refresh, incremental" if isinstance(cls.cursor_field, str) else "full refresh"
    yield f"- Key {_key(cls)}; cursor {_cursor(cls)}; {modes}"
    rows = f", `max_results` {cls.page_size}" if cls.page_size else ""
    yield f"- `GET /{cls.endpoint}`{rows}"
    if issubclass(cls, DatedStream):
        yield f"- Dates: `{cls.start_parameter}`, `{cls.end_parameter}`, in epoch milliseconds"
    if issubclass(cls, SalesStream):
        left_out = [status for status in SALE_STATUSES if status not in (cls.documented_statuses or SALE_STATUSES)]
        but = f", without {', '.join(left_out)} if Hotmart rejects them" if left_out else ""
        yield f"- Requested in all statuses, as a repeated `transaction_status`{but}"
    if issubclass(cls, ChildStream):
        yield f"- Found by `{camel_to_snake(cls.parent.__name__)}`: a list of each {cls.parent_label}"
    yield f"- Calls of a full refresh: {cls.calls}"
    if cls.needs_members_area:
        yield "- Offered only where `members_area_subdomain` is set"
    yield from (f"- Copied to the top: `{field}` from `{path}`" for field, path in cls.promoted_fields)
    documented = re.search(r"https://developers\.hotmart\.com/\S+", cls.__doc__ or "")
    if documented:
        yield f"- Hotmart's documentation: {documented[0]}"
    yield fill(f"- Fields: {_fields(schema)}", 120, subsequent_indent="  ", break_on_hyphens=False)


def _fields(schema: Mapping[str, Any]) -> str:
    """The fields of an object with their types: `id string, price {value number}, users [{role string}]`."""
    return ", ".join(f"{name} {_type(field)}" for name, field in schema.get("properties", {}).items())


def _type(field: Mapping[str, Any]) -> str:
    names = [name for name in field["type"] if name != "null"]
    if names == ["object"] and field.get("properties"):
        return f"{{{_fields(field)}}}"
    if names == ["array"] and field.get("items"):
        return f"[{_type(field['items'])}]"
    return str(field.get("format", " or ".join(names)))


def _key(cls: type[HotmartStream]) -> str:
    key: Any = cls.primary_key
    return ", ".join(f"`{name}`" for name in ([key] if isinstance(key, str) else key))


def _cursor(cls: type[HotmartStream]) -> str:
    cursor: Any = cls.cursor_field
    return f"`{cursor}`" if isinstance(cursor, str) else "none"


def _heading(item: Section) -> str:
    text = without_tables(item.text, "Endpoint")
    return f"{'#' * item.level} {item.heading}\n\n{text}".strip()
