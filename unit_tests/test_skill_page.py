"""The page for AI agents is current, and includes new streams, settings and messages automatically."""

from __future__ import annotations

import re

import pytest

from source_hotmart.streams.sales import SalesUsers
from tools.docs.document import section, sections, without_tables
from tools.docs.skill_page import PAGE, setting_lines, skill_page, stream_lines
from unit_tests.test_docs import CLASSES, CONTRIBUTING, FORM, README, ROOT, anchors_of, cursor_of, keys_of, quotes

TEXT = PAGE.read_text("utf-8")


def fields_of(text: str, stream: str) -> str:
    """Return the line of fields of a stream, unwrapped."""
    found = re.search(rf"^### Stream {stream}\n.*?^- Fields: (.*?)\n\n", text, re.DOTALL | re.MULTILINE)
    assert found, stream
    return " ".join(found[1].split())


def test_the_page_matches_the_output_of_make_docs():
    assert skill_page() == TEXT, "run `make docs`"


@pytest.mark.parametrize("name", CLASSES)
def test_each_stream_lists_its_key_cursor_and_endpoint(name):
    cls = CLASSES[name]
    names = re.sub(r"\[[^\[\]]*\]", "", fields_of(TEXT, name))
    while "{" in names:
        names = re.sub(r"\{[^{}]*\}", "", names)

    told = {entry.split()[0].partition(":")[0] for entry in names.split(", ")}
    assert {*keys_of(cls), *cursor_of(cls)} <= told
    assert f", `GET /{cls.endpoint}`\n" in TEXT


def test_the_page_has_at_most_4000_words():
    assert len(TEXT.split()) <= 4_000


def test_joins_are_listed():
    assert "`sales_history` and `sales_users` (id = transaction)" in " ".join(TEXT.split())


def test_nested_field_types_are_listed():
    assert "price {value:number, currency_code}" in fields_of(TEXT, "sales_history")
    assert "users [{role, user {" in fields_of(TEXT, "sales_users")


def test_every_setting_is_listed_with_its_description():
    for name, field in FORM["properties"].items():
        assert f"- `{name}` ({field['title']}), {field['type']}" in TEXT
        assert field["description"] in TEXT


def test_every_quoted_message_is_listed():
    assert all(f"`{message.removesuffix(' …')}`" in TEXT for message in quotes())


def test_every_make_target_is_listed():
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)

    assert "test" in targets
    assert all(f"`make {name}`" in " ".join(TEXT.split()) for name in targets)


def test_a_new_stream_is_described_from_its_class():
    class Tenth(SalesUsers):
        """A tenth."""

        endpoint = "payments/api/v9/ten"
        needs_members_area = True

    told = list(stream_lines("club_students", Tenth))  # a stream of this name has a schema

    assert told[0] == "### Stream club_students"
    assert "- Key `transaction`, cursor `synced_until`, `GET /payments/api/v9/ten`" in told
    assert "- Needs `members_area_subdomain`" in told


def test_a_child_stream_names_its_parent_stream():
    assert "- One list per product, from `products`" in "\n".join(stream_lines("coupons", CLASSES["coupons"]))


def test_choices_are_listed_with_their_own_settings():
    choices = [
        {"title": "Keep", "description": "As it is.", "properties": {"mode": {"type": "string", "const": "keep"}}},
        {
            "title": "Hash",
            "description": "Hashed.",
            "required": ["key"],
            "properties": {"key": {"type": "string", "title": "Key", "description": "A key.", "airbyte_secret": True}},
        },
    ]
    field = {"type": "object", "title": "People", "description": "What becomes of them.", "oneOf": choices}

    assert list(setting_lines("people", field, is_required=False)) == [
        "- `people` (People), object, optional: What becomes of them.",
        "  - Keep: As it is.",
        "    - `mode`, string, optional, always `keep`",
        "  - Hash: Hashed.",
        "    - `key` (Key), string, required, secret: A key.",
    ]


def test_link_targets_exist():
    targets = re.findall(r"\]\(([^)\s]+)\)", TEXT)

    assert len(targets) > 5
    for target in targets:
        if "://" not in target:
            file, _, anchor = target.partition("#")
            assert (PAGE.parent / file).exists(), target
            assert not anchor or anchor in anchors_of(PAGE.parent / file), target


def test_links_in_a_copied_section_are_rewritten():
    taken = section(CONTRIBUTING, "Adding a stream", README)

    assert taken.level == 2
    assert "A class in `source_hotmart/streams/`" in taken.text
    links = re.findall(r"\]\((\S+?)\)", "".join(item.text for item in sections(README, PAGE)))
    assert "hotmart.md#what-arrives-when" in links


def test_a_missing_section_raises_an_error():
    with pytest.raises(ValueError, match="one is needed"):
        section(README, "No such heading", PAGE)


def test_only_tables_with_the_given_column_are_removed():
    text = "One.\n\n| A | B |\n|---|---|\n| 1 | 2 |\n\n| C |\n|---|\n| 3 |"

    assert without_tables(text, "B") == "One.\n\n| C |\n|---|\n| 3 |"
