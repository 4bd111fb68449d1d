"""The register of beliefs covers every switch and every row of beliefs.md, and its loader rejects invalid entries."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
import yaml

from hotmart_simulator.register import PATH, ROWS, Belief, load, other_sides
from hotmart_simulator.switches import Settings, Switches, belief_names

BELIEFS = load()
WITHOUT_SWITCH = {
    "id": "errors.slow_query",
    "belief": "A slow query answers 502.",
    "mark": "OD",
    "source": "2.4",
    "where": "server",
}
SIDES = {"seconds": "It counts seconds.", "epoch": "It is a point in time."}
WITH_SWITCH: dict[str, Any] = {
    "id": "quota.reset",
    "belief": "The reset counts seconds.",
    "mark": ["OD", "RR"],
    "source": "2.3, 7.29",
    "beliefs_row": [35],
    "switch": "quota_reset",
    "sides": SIDES,
    "default": "seconds",
    "where": "server",
}
NUMERIC = {
    **WITH_SWITCH,
    "id": "sales.longest_range",
    "switch": "max_window_days",
    "sides": {730: "730 days are the limit.", 300: "300 days are the limit."},
    "default": 730,
}


def loaded(folder: Path, *entries: object) -> tuple[Belief, ...]:
    """Load a register with these entries."""
    path = folder / "register.yaml"
    path.write_text(yaml.safe_dump(list(entries), sort_keys=False), encoding="utf-8")
    return load(path)


def fields_without_entry(beliefs: Iterable[Belief]) -> set[str]:
    """Return the fields of Switches that no entry names."""
    return set(belief_names()) - {belief.switch for belief in beliefs}


def rows_without_entry(beliefs: Iterable[Belief]) -> set[int]:
    """Return the rows of beliefs.md that no entry covers."""
    return set(ROWS) - {row for belief in beliefs for row in belief.beliefs_row}


def repeated_keys(node: yaml.Node | None) -> list[str]:
    """Return the keys that a mapping of the document repeats. YAML silently keeps only the last one."""
    if isinstance(node, yaml.SequenceNode):
        return [key for child in node.value for key in repeated_keys(child)]
    if not isinstance(node, yaml.MappingNode):
        return []
    keys = [key.value for key, _ in node.value]
    return [key for key in keys if keys.count(key) > 1] + [
        key for _, child in node.value for key in repeated_keys(child)
    ]


def test_every_switch_has_exactly_one_entry() -> None:
    assert fields_without_entry(BELIEFS) == set()
    for belief in BELIEFS:
        missing = fields_without_entry(other for other in BELIEFS if other is not belief)
        assert missing == {belief.switch} - {""}


def test_every_row_of_the_belief_list_has_an_entry() -> None:
    assert list(ROWS) == list(range(1, 37))
    assert rows_without_entry(BELIEFS) == set()
    assert rows_without_entry(belief for belief in BELIEFS if belief.id != "subscriptions.request_date") == {1}


def test_an_entry_without_a_switch_is_certain_and_has_no_sides() -> None:
    certain = [belief for belief in BELIEFS if not belief.switch]
    assert certain
    for belief in certain:
        assert set(belief.mark) <= {"OD", "RR"}, belief.id
        assert not belief.sides and not belief.contradiction, belief.id


@pytest.mark.parametrize("belief", [belief for belief in BELIEFS if belief.switch], ids=lambda belief: belief.id)
def test_sides_and_default_match_the_switch(belief: Belief) -> None:
    hint = get_type_hints(Switches)[belief.switch]
    values = [side.value for side in belief.sides]
    assert belief.default == getattr(Switches(), belief.switch)
    assert belief.default in values
    if get_origin(hint) is Literal:
        assert len(values) == len(get_args(hint))
        assert set(values) == set(get_args(hint))
    else:
        assert 2 <= len(values) <= 3


def test_an_uncertain_default_has_a_reason() -> None:
    for belief in BELIEFS:
        certain = set(belief.mark) <= {"OD", "RR"}
        assert certain or belief.why_default, belief.id


def test_ids_are_unique_and_sources_are_not_empty() -> None:
    assert len({belief.id for belief in BELIEFS}) == len(BELIEFS)
    assert all(belief.source for belief in BELIEFS)


def test_the_register_has_no_repeated_keys() -> None:
    document = PATH.read_text(encoding="utf-8")
    assert repeated_keys(yaml.compose(document)) == []
    assert len(BELIEFS) == document.count("\n- id: ")
    assert repeated_keys(yaml.compose("- id: a\n  mark: OD\n  id: b")) == ["id", "id"]


def test_sentences_end_with_a_full_stop_and_have_no_semicolon() -> None:
    for belief in BELIEFS:
        sentences = [belief.belief, *(side.sentence for side in belief.sides), *filter(None, [belief.contradiction])]
        assert all(sentence.endswith(".") for sentence in sentences), belief.id
        assert ";" not in "".join((*sentences, belief.why_default)), belief.id


def test_other_sides_are_non_default_and_can_be_set() -> None:
    pairs = other_sides()
    assert len(pairs) == sum(len(belief.sides) - 1 for belief in BELIEFS if belief.switch)
    for belief, side in pairs:
        flip: dict[str, Any] = {belief.switch: side.value}
        assert replace(Switches(), **flip) != Switches(), (belief.id, side.value)


def test_a_register_is_loaded_as_written(tmp_path: Path) -> None:
    certain, switched, numeric = loaded(tmp_path, WITHOUT_SWITCH, WITH_SWITCH, NUMERIC)
    assert (certain.mark, certain.switch, certain.sides, certain.default) == (("OD",), "", (), None)
    assert [(side.value, side.sentence) for side in switched.sides] == list(SIDES.items())
    assert (switched.default, switched.beliefs_row) == ("seconds", (35,))
    assert [side.value for side in numeric.sides] == [730, 300]


@pytest.mark.parametrize(
    ("entry", "change", "fault"),
    [
        pytest.param(WITHOUT_SWITCH, {"mark": "INF"}, "only the marks OD and RR", id="one side that is inferred"),
        pytest.param(WITHOUT_SWITCH, {"mark": ["OD", "TP"]}, "only the marks OD and RR", id="one side of others' code"),
        pytest.param(WITHOUT_SWITCH, {"sides": {"a": "It is a."}}, "has no sides", id="sides without a switch"),
        pytest.param(WITHOUT_SWITCH, {"default": "a"}, "has no sides", id="default without a switch"),
        pytest.param(WITH_SWITCH, {"switch": "quota_rest"}, "quota_rest is no field", id="switch that does not exist"),
        pytest.param(WITH_SWITCH, {"switch": "page_cap"}, "page_cap is no field", id="setting of the account"),
        pytest.param(WITH_SWITCH, {"sides": {"seconds": "So."}}, "exactly seconds, epoch", id="side that is missing"),
        pytest.param(
            WITH_SWITCH,
            {"sides": {**SIDES, "minutes": "It counts minutes."}},
            "exactly seconds, epoch",
            id="side that the switch does not have",
        ),
        pytest.param(WITH_SWITCH, {"default": "epoch"}, "default is seconds", id="default of the other side"),
        pytest.param(NUMERIC, {"sides": {730: "So."}}, "at least two numbers", id="only one number"),
        pytest.param(
            NUMERIC, {"sides": {730: "So.", "x": "Or so."}}, "at least two numbers", id="text in place of a number"
        ),
        pytest.param(NUMERIC, {"sides": {300: "So.", 365: "Or so."}}, "one of the sides", id="default not among them"),
        pytest.param(NUMERIC, {"default": 300}, "default is 730", id="other number by default"),
        pytest.param(WITH_SWITCH, {"mark": "TP"}, "why_default is missing", id="uncertain without a reason"),
        pytest.param(WITH_SWITCH, {"mark": "none"}, "why_default is missing", id="nothing found without a reason"),
        pytest.param(WITH_SWITCH, {"mark": ["OD", "CON"]}, "CON and a contradiction", id="conflict that is not named"),
        pytest.param(
            WITH_SWITCH, {"contradiction": "2.3 says both."}, "CON and a contradiction", id="contradiction, no mark"
        ),
        pytest.param(
            WITH_SWITCH,
            {"mark": "CON", "why_default": "a reason", "contradiction": "One says so, one says no."},
            "names its sections",
            id="contradiction without sections",
        ),
        pytest.param(WITH_SWITCH, {"mark": ["none", "OD"]}, "none stands alone", id="nothing found and documented"),
        pytest.param(WITHOUT_SWITCH, {"mark": "docs"}, "mark is of OD", id="unknown mark"),
        pytest.param(WITHOUT_SWITCH, {"source": ""}, "source is missing", id="empty source"),
        pytest.param(WITHOUT_SWITCH, {"source": 4.1}, "source has the wrong type", id="section without quotes"),
        pytest.param(WITHOUT_SWITCH, {"source": "the docs"}, "list of sections", id="source that is no section"),
        pytest.param(WITHOUT_SWITCH, {"where": "kitchen"}, "where is one of login", id="unknown resource"),
        pytest.param(WITHOUT_SWITCH, {"beliefs_row": [37]}, "beliefs_row is of 1 to 36", id="row that does not exist"),
        pytest.param(WITHOUT_SWITCH, {"belief": "It is slow"}, "no full stop ends 'It is slow'", id="no full stop"),
        pytest.param(WITHOUT_SWITCH, {"belief": "It is; so."}, "a semicolon is in", id="semicolon in a belief"),
        pytest.param(
            WITH_SWITCH,
            {"sides": {"seconds": "It counts; so.", "epoch": "It is a time."}},
            "a semicolon is in 'It counts; so.'",
            id="semicolon in a side",
        ),
        pytest.param(WITH_SWITCH, {"sides": SIDES | {"epoch": ""}}, "no full stop ends ''", id="side without a word"),
        pytest.param(WITHOUT_SWITCH, {"remark": "x"}, "remark is no key", id="unknown key"),
    ],
)
def test_an_invalid_entry_is_rejected_with_its_id(
    tmp_path: Path, entry: dict[str, Any], change: dict[str, Any], fault: str
) -> None:
    loaded(tmp_path, entry)
    with pytest.raises(ValueError, match=fault) as raised:
        loaded(tmp_path, WITHOUT_SWITCH | {"id": "another.entry"}, entry | change)
    assert str(raised.value).startswith(f"{entry['id']}: ")


@pytest.mark.parametrize("key", ["belief", "mark", "source", "where"])
def test_an_entry_without_a_key_is_rejected_with_its_id(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match=rf"^quota\.reset: {key} is missing"):
        loaded(tmp_path, {name: value for name, value in WITH_SWITCH.items() if name != key})


def test_an_entry_without_an_id_is_rejected_with_its_position(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^entry 2: id is missing"):
        loaded(tmp_path, WITH_SWITCH, {name: value for name, value in WITHOUT_SWITCH.items() if name != "id"})
    with pytest.raises(ValueError, match=r"^entry 1: it is not a mapping"):
        loaded(tmp_path, "quota.reset")


def test_a_duplicate_id_or_switch_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^errors\.slow_query: another entry has the id errors\.slow_query"):
        loaded(tmp_path, WITHOUT_SWITCH, WITH_SWITCH, WITHOUT_SWITCH)
    with pytest.raises(ValueError, match=r"^quota\.again: another entry has the switch quota_reset"):
        loaded(tmp_path, WITH_SWITCH, WITH_SWITCH | {"id": "quota.again"})


def test_settings_are_not_beliefs() -> None:
    settings = set(get_type_hints(Settings))
    assert settings and not settings & set(belief_names())
    assert not settings & {belief.switch for belief in BELIEFS}
