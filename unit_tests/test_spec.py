"""The form: what Airbyte's UI shows, and that it agrees with the model that validates the settings."""

from __future__ import annotations

import json
import re
from contextlib import nullcontext
from typing import Any

import pytest
from airbyte_cdk.models import ConnectorSpecification
from airbyte_cdk.test.standard_tests._spec_lint import assert_spec_is_valid
from airbyte_cdk.utils.airbyte_secrets_utils import get_secret_paths
from airbyte_cdk.utils.traced_exception import AirbyteTracedException
from jsonschema import Draft7Validator

from source_hotmart import SourceHotmart
from source_hotmart.config.form import MIN_KEY_LENGTH, Config, PersonalData
from source_hotmart.run import HotmartEntrypoint

SECRETS = ["client_id", "client_secret", "token"]
FIELDS = list(Config.model_fields)
KEYWORDS_THE_PLATFORM_MISREADS = {"airbyte_hidden", "advanced_auth", "anyOf", "allOf", "not"}


@pytest.fixture
def spec() -> dict[str, Any]:
    """Return the answer of `spec`."""
    entrypoint = HotmartEntrypoint(SourceHotmart())
    (message,) = map(json.loads, entrypoint.run(entrypoint.parse_args(["spec"])))
    return dict(message["spec"])


@pytest.fixture
def form(spec: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of the form by name."""
    return dict(spec["connectionSpecification"]["properties"])


def keywords_of(value: Any) -> set[str]:
    """Return every key at every depth."""
    if isinstance(value, dict):
        return set(value).union(*map(keywords_of, value.values()))
    return set().union(*map(keywords_of, value)) if isinstance(value, list) else set()


def test_the_form_passes_the_cdk_lint(spec):
    message = ConnectorSpecification(**{key: value for key, value in spec.items() if value is not None})

    assert_spec_is_valid(message, connector_name="source-hotmart")


def test_the_form_is_valid_json_schema(spec):
    Draft7Validator.check_schema(spec["connectionSpecification"])


def test_the_form_links_to_its_documentation(spec):
    assert re.fullmatch(r"https://docs\.airbyte\.com/integrations/sources/hotmart", spec["documentationUrl"])


def test_the_form_uses_no_unsupported_keywords(spec):
    assert not KEYWORDS_THE_PLATFORM_MISREADS & keywords_of(spec["connectionSpecification"])


def test_the_form_and_the_model_have_the_same_fields(form):
    assert sorted(form) == sorted(FIELDS)


def test_the_form_and_the_model_require_the_same_fields(spec):
    required = [name for name, field in Config.model_fields.items() if field.is_required()]

    assert sorted(spec["connectionSpecification"]["required"]) == sorted(required)


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_has_a_readable_title(form, field):
    title = form[field]["title"]

    assert title[0].isupper()
    assert title != field
    assert "_" not in title


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_has_a_description_of_one_sentence(form, field):
    description = form[field]["description"]

    sentences = re.split(r"(?<=[.!?])\s+", description)
    assert description.endswith(".")
    assert len(sentences) == 1, sentences


@pytest.mark.parametrize("field", FIELDS)
def test_no_two_fields_have_the_same_title_or_description(form, field):
    others = [form[other] for other in form if other != field]

    assert form[field]["title"] not in [other["title"] for other in others]
    assert form[field]["description"] not in [other["description"] for other in others]


def test_exactly_the_secrets_are_masked(spec):
    paths = get_secret_paths(spec["connectionSpecification"]["properties"])

    assert sorted(paths) == sorted([*([name] for name in SECRETS), ["personal_data", "key"]])


@pytest.mark.parametrize("field", SECRETS)
def test_a_secret_has_no_example_no_default_and_no_pattern(form, field):
    assert not {"examples", "default", "pattern"} & form[field].keys()


@pytest.mark.parametrize("field", [name for name in FIELDS if name not in SECRETS])
def test_a_non_secret_field_has_an_example_default_or_choices(form, field):
    helps = {"examples", "default", "enum", "oneOf"} & form[field].keys()

    assert helps


@pytest.mark.parametrize("field", ["start_date", "members_area_subdomain"])
def test_every_example_is_accepted(form, field):
    examples = form[field]["examples"]

    assert examples
    for text in examples:
        assert Draft7Validator(form[field]).is_valid(text)
        Config.from_mapping(
            {"client_id": "a", "client_secret": "b", "token": "YTpi", "start_date": "2024-01-01", field: text}
        )


def test_every_field_belongs_to_an_existing_group(spec, form):
    groups = [group["id"] for group in spec["connectionSpecification"]["groups"]]

    assert all(group["title"] for group in spec["connectionSpecification"]["groups"])
    assert {field["group"] for field in form.values()} == set(groups)


def test_field_order_in_a_group_starts_at_zero_without_gaps(form):
    orders: dict[str, list[int]] = {}
    for field in form.values():
        orders.setdefault(field["group"], []).append(field["order"])

    assert all(sorted(numbers) == list(range(len(numbers))) for numbers in orders.values())


def test_groups_and_fields_are_in_the_expected_order(spec, form):
    shown = [
        (
            group["title"],
            sorted((field["order"], field["title"]) for field in form.values() if field["group"] == group["id"]),
        )
        for group in spec["connectionSpecification"]["groups"]
    ]

    assert [(group, [title for _, title in fields]) for group, fields in shown] == [
        ("Account access", ["Client ID", "Client secret", "Token (Basic)"]),
        ("Data to sync", ["Start date", "Members area subdomain", "Personal data"]),
        ("Advanced", ["Look-back (days)", "Parallel requests", "Environment"]),
    ]


def test_fields_are_declared_in_display_order(spec, form):
    groups = [group["id"] for group in spec["connectionSpecification"]["groups"]]

    assert list(form) == sorted(form, key=lambda name: (groups.index(form[name]["group"]), form[name]["order"]))


def test_only_advanced_optional_fields_are_collapsed(spec, form):
    folded = [
        name
        for name, field in form.items()
        if name not in spec["connectionSpecification"]["required"] and not field.get("always_show")
    ]

    assert {form[name]["group"] for name in folded} == {"advanced"}


def test_account_fields_follow_the_order_of_hotmart(form):
    account = sorted((name for name in form if form[name]["group"] == "auth"), key=lambda name: form[name]["order"])

    assert account == SECRETS


@pytest.mark.parametrize(
    ("field", "given"),
    [(name, field.default) for name, field in Config.model_fields.items() if not field.is_required()],
)
def test_a_default_is_the_same_in_the_form_and_in_the_model(form, field, given):
    if isinstance(given, PersonalData):
        assert form[field]["oneOf"][0]["properties"]["mode"]["const"] == given.mode == "keep"
    elif given:
        assert form[field]["default"] == given
    else:
        assert "default" not in form[field]


@pytest.mark.parametrize("field", ["lookback_days", "num_workers"])
def test_a_range_is_the_same_in_the_form_and_in_the_model(form, field):
    in_model = Config.model_json_schema()["properties"][field]

    assert form[field]["type"] == in_model["type"] == "integer"
    assert (form[field]["minimum"], form[field]["maximum"]) == (in_model["minimum"], in_model["maximum"])


def test_the_environments_are_the_same_in_the_form_and_in_the_model(form):
    in_model = Config.model_json_schema()["properties"]["environment"]

    assert form["environment"]["enum"] == in_model["enum"] == ["production", "sandbox"]


PERSONAL_DATA: list[tuple[Any, bool]] = [
    ({"mode": "keep"}, True),
    ({"mode": "drop"}, True),
    ({"mode": "hash", "key": "0123456789abcdef"}, True),
    ({"mode": "hash", "key": "0123456789abcde"}, False),
    ({"mode": "hash", "key": None}, False),
    ({"mode": "hash"}, False),
    ({"mode": "mask"}, False),
    ({}, False),
    ("drop", False),
]


@pytest.mark.parametrize(("choice", "accepted"), PERSONAL_DATA, ids=repr)
def test_the_form_and_the_model_accept_the_same_personal_data_choices(form, choice, accepted):
    assert Draft7Validator(form["personal_data"]).is_valid(choice) is accepted

    settings = {"client_id": "a", "client_secret": "b", "token": "YTpi", "start_date": "2024-01-01"}
    with nullcontext() if accepted else pytest.raises(AirbyteTracedException, match=r"^personal_data: "):
        Config.from_mapping({**settings, "personal_data": choice})


def test_personal_data_choices_are_shown_as_a_dropdown(form):
    field = form["personal_data"]

    assert field["display_type"] == "dropdown"
    assert [(choice["title"], choice["properties"]["mode"]["const"]) for choice in field["oneOf"]] == [
        ("Keep", "keep"),
        ("Hash", "hash"),
        ("Drop", "drop"),
    ]
    assert field["oneOf"][1]["properties"]["key"]["minLength"] == MIN_KEY_LENGTH


def test_the_hash_key_is_a_secret_without_an_example(form):
    key = form["personal_data"]["oneOf"][1]["properties"]["key"]

    assert key["airbyte_secret"] is True
    assert not {"examples", "default", "pattern"} & key.keys()


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("2024-01-01", True),
        ("2024-01-01T00:00:00Z", True),
        ("01/02/2024", False),
        ("2024-1-1", False),
        ("2024-01-01T00:00:00.000Z", True),
        ("2024-01-01T00:00:00+00:00", True),
        ("2024-01-01T00:00:00-03:00", True),
        ("2024-01-01T00:00:00.123456-0300", True),
        ("2024-01-01 10:30", True),
        ("2024-01-01T", False),
        ("2024-01-01x10:30", False),
        ("20240101", False),
        ("2024-W05-1", False),
        ("", False),
    ],
)
def test_the_form_and_the_model_accept_the_same_dates(form, text, accepted):
    assert Draft7Validator(form["start_date"]).is_valid(text) is accepted

    settings = {"client_id": "a", "client_secret": "b", "token": "YTpi", "start_date": text}
    with nullcontext() if accepted else pytest.raises(AirbyteTracedException, match="start_date"):
        Config.from_mapping(settings)


def test_hosts_are_not_in_the_form(form):
    assert not [name for name in form if "url" in name or "host" in name]
