"""The Portuguese guide to setting up keeps step with the form, and with the English page that it translates."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from unit_tests.test_docs import FORM, PAGE, anchors_of, names_in, prose, table, words_of_our_own

GUIDE = PAGE.with_name("hotmart.pt-BR.md")

SECTIONS = {
    "Create a credential": "Criar uma credencial",
    "Add the image as a custom connector": "Adicionar a imagem como conector personalizado",
    "Make a connection": "Criar a conexão",
}
"""Sections of numbered steps in both languages."""

IN_AIRBYTE = [name for name in SECTIONS if name != "Create a credential"]
"""Sections whose menu names are Airbyte's, which are English in both."""


def section_of(path: Path, heading: str) -> str:
    """The text below a heading, code left out."""
    match = re.search(rf"^#+ {re.escape(heading)}\n+(.*?)(?=^#+ |\Z)", prose(path), re.DOTALL | re.MULTILINE)
    assert match, heading
    return match[1]


def steps_of(text: str) -> list[str]:
    """The numbered steps, each on one line."""
    steps = re.findall(r"^\d\. (.*?)(?=^\d\. |^\S|\Z)", text, re.DOTALL | re.MULTILINE)
    return [" ".join(step.split()) for step in steps]


def bold(step: str) -> list[str]:
    return re.findall(r"\*\*([^*]+)\*\*", step)


def test_every_field_of_the_form_is_explained_with_title_default_and_range():
    rows = {names_in(row["Nome no arquivo de configuração"])[0]: row for row in table(GUIDE, "Campo", "Obrigatório")}

    assert list(rows) == list(FORM["properties"])
    for name, field in FORM["properties"].items():
        told = rows[name]["O que preencher"]
        assert rows[name]["Campo"] == field["title"]
        assert rows[name]["Obrigatório"] == ("sim" if name in FORM["required"] else "não")
        limits = [str(field[limit]) for limit in ("default", "minimum", "maximum") if limit in field]
        assert all(re.search(rf"\b{limit}\b", told) for limit in limits), told
        choices = [*field.get("enum", []), *(choice["title"] for choice in field.get("oneOf", []))]
        assert all(f"`{choice}`" in told for choice in choices), told


def test_what_is_needed_first_names_every_required_field():
    told = section_of(GUIDE, "Antes de começar")

    assert all(FORM["properties"][name]["title"] in told for name in FORM["required"])


@pytest.mark.parametrize(("english", "portuguese"), SECTIONS.items(), ids=SECTIONS)
def test_a_section_has_the_same_number_of_steps_in_both_languages(english, portuguese):
    steps = steps_of(section_of(PAGE, english))

    assert len(steps) > 2
    assert len(steps_of(section_of(GUIDE, portuguese))) == len(steps)


@pytest.mark.parametrize("english", IN_AIRBYTE)
def test_a_step_in_airbyte_names_the_same_menus_in_both_languages(english):
    pairs = zip(steps_of(section_of(PAGE, english)), steps_of(section_of(GUIDE, SECTIONS[english])), strict=True)
    for step, translated in pairs:
        named = bold(step)
        assert bold(translated)[: len(named)] == named, translated


def test_the_fields_of_a_custom_connector_are_the_same_in_both_languages():
    portuguese = [row["Campo no Airbyte"] for row in table(GUIDE, "Campo no Airbyte")]

    assert portuguese == [row["Field in Airbyte"] for row in table(PAGE, "Field in Airbyte")]


def test_the_menu_names_of_hotmart_in_portuguese_are_in_both_documents():
    steps = " ".join(steps_of(section_of(GUIDE, "Criar uma credencial")))
    in_english = " ".join(steps_of(section_of(PAGE, "Create a credential")))
    told = set(re.findall(r"\(\*\*([^*]+)\*\*\)", in_english))

    assert len(told) > 5
    assert told <= set(bold(steps))


def test_a_quoted_message_begins_like_one_of_the_connector():
    beginnings = [names_in(row["Começo da mensagem"])[0] for row in table(GUIDE, "Começo da mensagem")]

    assert beginnings
    for beginning in beginnings:
        assert not words_of_our_own(f"{beginning} …"), beginning


def test_links_lead_somewhere():
    targets = re.findall(r"\]\(([^)]+)\)", GUIDE.read_text("utf-8"))

    assert targets
    for target in targets:
        file, _, anchor = target.partition("#")
        assert file == PAGE.name
        assert not anchor or anchor in anchors_of(PAGE), target
