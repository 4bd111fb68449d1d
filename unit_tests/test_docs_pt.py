"""The Portuguese setup guide matches the form, and the English page that it translates."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_hotmart.config.form import Config
from unit_tests.test_docs import CLASSES, FORM, PAGE, anchors_of, names_in, prose, table, words_of_our_own

GUIDE = PAGE.with_name("hotmart.pt-BR.md")

SECTIONS = {
    "Create a credential": "Criar uma credencial",
    "Add the image as a custom connector": "Adicionar a imagem como conector personalizado",
    "Make a connection": "Criar a conexão",
}
"""Sections with numbered steps in both languages."""

IN_AIRBYTE = [name for name in SECTIONS if name != "Create a credential"]
"""Sections with Airbyte's menu names, which are English in both languages."""


def section_of(path: Path, heading: str) -> str:
    """Return the text below a heading, without code."""
    match = re.search(rf"^#+ {re.escape(heading)}\n+(.*?)(?=^#+ |\Z)", prose(path), re.DOTALL | re.MULTILINE)
    assert match, heading
    return match[1]


def steps_of(text: str) -> list[str]:
    """Return the numbered steps, each on one line."""
    steps = re.findall(r"^\d\. (.*?)(?=^\d\. |^\S|\Z)", text, re.DOTALL | re.MULTILINE)
    return [" ".join(step.split()) for step in steps]


def bold(step: str) -> list[str]:
    return re.findall(r"\*\*([^*]+)\*\*", step)


def test_every_form_field_is_documented_with_default_and_range():
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


def test_the_prerequisites_name_every_required_field():
    told = section_of(GUIDE, "Antes de começar")

    assert all(FORM["properties"][name]["title"] in told for name in FORM["required"])


@pytest.mark.parametrize(("english", "portuguese"), SECTIONS.items(), ids=SECTIONS)
def test_a_section_has_the_same_number_of_steps_in_both_languages(english, portuguese):
    steps = steps_of(section_of(PAGE, english))

    assert len(steps) > 2
    assert len(steps_of(section_of(GUIDE, portuguese))) == len(steps)


@pytest.mark.parametrize("english", IN_AIRBYTE)
def test_airbyte_steps_name_the_same_menus_in_both_languages(english):
    pairs = zip(steps_of(section_of(PAGE, english)), steps_of(section_of(GUIDE, SECTIONS[english])), strict=True)
    for step, translated in pairs:
        named = bold(step)
        assert bold(translated)[: len(named)] == named, translated


def test_custom_connector_fields_match_in_both_languages():
    portuguese = [row["Campo no Airbyte"] for row in table(GUIDE, "Campo no Airbyte")]

    assert portuguese == [row["Field in Airbyte"] for row in table(PAGE, "Field in Airbyte")]


def test_both_documents_have_the_portuguese_menu_names():
    steps = " ".join(steps_of(section_of(GUIDE, "Criar uma credencial")))
    in_english = " ".join(steps_of(section_of(PAGE, "Create a credential")))
    told = set(re.findall(r"\(\*\*([^*]+)\*\*\)", in_english))

    assert len(told) > 5
    assert told <= set(bold(steps))


def test_each_message_beginning_matches_a_connector_message():
    beginnings = [names_in(row["Começo da mensagem"])[0] for row in table(GUIDE, "Começo da mensagem")]

    assert beginnings
    for beginning in beginnings:
        assert not words_of_our_own(f"{beginning} …"), beginning


REFUSED_SETTINGS = [
    {"client_id": ""},
    {"token": "YTpj"},
    {"start_date": "01/02/2024"},
    {"start_date": "2024-02-31"},
    {"start_date": "2009-12-31"},
    {"start_date": "2999-01-01"},
    {"members_area_subdomain": "minha escola!"},
    {"lookback_days": 731},
    {"personal_data": {"mode": "hash"}},
    {"personal_data": {"mode": "hash", "key": "curta"}},
    {"personal_data": {"mode": "hash", "key": "aaaaaaaaaaaaaaaa"}},
]
"""Typical mistakes of a shop owner in the settings."""


def problem_with(**changes: Any) -> str:
    """Return the connector's message about these settings with a valid credential, or an empty text."""
    settings = {"client_id": "a", "client_secret": "b", "token": "YTpi", "start_date": "2024-01-01", **changes}
    try:
        Config.from_mapping(settings)
    except AirbyteTracedException as error:
        return str(error)
    return ""


@pytest.mark.parametrize("changes", REFUSED_SETTINGS, ids=repr)
def test_every_form_error_has_advice(changes):
    message = problem_with(**changes)

    beginnings = [names_in(row["Começo da mensagem"])[0] for row in table(GUIDE, "Começo da mensagem")]
    patterns = [re.escape(beginning).replace("VALUE", ".+") for beginning in beginnings]
    assert [pattern for pattern in patterns if re.match(pattern, message)], message


def test_example_dates_are_accepted_as_documented():
    dates = set(re.findall(r"`(\d{2,4}[-/]\d{2}[-/][^`]*)`", prose(GUIDE)))

    assert {"2024-02-01", "2024-01-31T00:00:00-03:00", "01/02/2024"} <= dates
    assert {date for date in dates if problem_with(start_date=date)} == {"01/02/2024"}
    assert not problem_with(start_date="2010-01-01")


def test_the_example_date_for_brasilia_is_midnight_there():
    (date,) = set(re.findall(r"meia-noite de Brasília, escreva\s+`([^`]+)`", prose(GUIDE)))

    start = Config.from_mapping(
        {"client_id": "a", "client_secret": "b", "token": "YTpi", "start_date": date}
    ).start_date
    assert start == datetime(2024, 2, 1, 3, tzinfo=UTC)


def test_streams_and_settings_in_the_guide_exist():
    named = {name for name in names_in(prose(GUIDE)) if re.fullmatch(r"[a-z]+(_[a-z]+)+", name)}

    assert "subscription_purchases" in named
    assert named <= {*CLASSES, *FORM["properties"], "order_date"}


def test_link_targets_exist():
    targets = re.findall(r"\]\(([^)]+)\)", GUIDE.read_text("utf-8"))

    assert targets
    for target in targets:
        file, _, anchor = target.partition("#")
        document = GUIDE.with_name(file) if file else GUIDE
        assert document.exists(), target
        assert not anchor or anchor in anchors_of(document), target
