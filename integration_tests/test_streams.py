"""Tests that apply to every stream: offered, complete, typed, keyed, and requested as Hotmart expects."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from hotmart_simulator import Call, Fault, Simulator, World
from hotmart_simulator.common.vocabulary import DEFAULT_SALE_STATUSES, PRICE_DETAILS_STATUSES, SALE_STATUSES
from source_hotmart.api.authenticator import HotmartAuthenticator
from source_hotmart.catalog import CLASSES
from source_hotmart.config.form import Config
from source_hotmart.state.windows import iso
from source_hotmart.streams.api import Api
from source_hotmart.streams.base import HotmartStream
from tools.harness import (
    NOW_MS,
    Connector,
    Run,
    VirtualClock,
    catalog,
    keys_of,
    small_world,
    stream_names,
    switches,
    truth,
)
from tools.rows import difference, key_of

pytestmark = pytest.mark.long

SAMPLE_FOLDER = Path(__file__).parents[1] / "unit_tests" / "resource" / "samples"
STREAMS = stream_names()
PATHS = {name: "/" + re.sub(r"{\w+}", "*", cls.endpoint) for name, cls in CLASSES.items()}
PAGED = [name for name, cls in CLASSES.items() if cls.envelope.rows == "items"]
INCREMENTAL = [name for name, cls in CLASSES.items() if isinstance(cls.cursor_field, str)]
WHOLE = [name for name in STREAMS if name not in INCREMENTAL]
DATES = {
    "sales_history": ("start_date", "end_date"),
    "sales_users": ("start_date", "end_date"),
    "sales_commissions": ("start_date", "end_date"),
    "sales_price_details": ("start_date", "end_date"),
    "sales_summary": ("start_date", "end_date"),
    "subscription_transactions": ("transaction_date", "end_transaction_date"),
}
STATUSES = {
    "sales_history": SALE_STATUSES,
    "sales_users": SALE_STATUSES,
    "sales_commissions": SALE_STATUSES,
    "sales_price_details": PRICE_DETAILS_STATUSES,
    "sales_summary": (),
}

SIZES = ("sales", "subscriptions", "students", "products", "modules", "coupons", "participants")

every_stream = pytest.mark.parametrize("stream", STREAMS)
Row = dict[str, Any]


@pytest.fixture
def small(clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a factory for a connector to a small account."""
    started: list[Simulator] = []

    def make(world: World | None = None, **changes: Any) -> Connector:
        simulator = Simulator(world or small_world(), switches(**changes), clock.time, follow_clock=True)
        started.append(simulator.start())
        return Connector(simulator, tmp_path, monkeypatch.setenv)

    yield make
    for simulator in started:
        simulator.stop()
        assert not simulator.mistakes


Whole = Callable[..., tuple[Connector, Run]]
"""Takes streams, and changes of the simulator's switches."""


@pytest.fixture(scope="module")
def done() -> dict[Any, tuple[Connector, Run]]:
    """The syncs that several tests look at. Nothing happens to their accounts."""
    return {}


@pytest.fixture
def whole(request: pytest.FixtureRequest, done: dict[Any, tuple[Connector, Run]], stream: str) -> tuple[Connector, Run]:
    """Return a sync of one stream of the default account."""
    if stream not in done:
        connector = request.getfixturevalue("connector")
        done[stream] = connector, connector.read([stream])
    return done[stream]


@pytest.fixture
def small_whole(request: pytest.FixtureRequest, done: dict[Any, tuple[Connector, Run]]) -> Whole:
    """Return a function that returns a sync of the small account."""

    def sync(*streams: str, **changes: Any) -> tuple[Connector, Run]:
        made = (streams, *changes.items())
        if made not in done:
            connector = request.getfixturevalue("small")(**changes)
            done[made] = connector, connector.read(streams or None)
        return done[made]

    return sync


@pytest.fixture
def offered(request: pytest.FixtureRequest, done: dict[Any, Any]) -> dict[str, dict[str, Any]]:
    """The catalog that `discover` prints, by stream."""
    if discovered not in done:
        done[discovered] = discovered(request.getfixturevalue("connector"))
    return done[discovered]


@pytest.fixture
def api(clock: VirtualClock) -> Api:
    """The objects that a stream needs to make records, without a server."""
    config = Config.from_mapping(
        {
            "client_id": "some-id",
            "client_secret": "some-secret",
            "token": "c29tZS1pZDpzb21lLXNlY3JldA==",
            "start_date": "2022-01-01",
        }
    )
    return Api(config, HotmartAuthenticator(config), now_ms=NOW_MS)


def calls_of(connector: Connector, stream: str) -> list[Call]:
    return [call for call in connector.simulator.calls if fnmatchcase(call.path, PATHS[stream])]


def discovered(connector: Connector) -> dict[str, dict[str, Any]]:
    """The catalog by stream."""
    (message,) = connector.run("discover").of_type("CATALOG")
    return {stream["name"]: stream for stream in message["catalog"]["streams"]}


def validator(schema: Mapping[str, Any]) -> Draft7Validator:
    return Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)


def is_question(call: Call) -> bool:
    """Whether a request asks for the number of rows, or for one sale in another role."""
    return call.get("max_results") in ("1", "10")


def is_for_rows(call: Call) -> bool:
    """Whether a request asks for rows, not for a check of statuses, roles or unsettled sales."""
    of_sales = "/sales/" in call.path and not call.path.endswith("/summary")
    return not is_question(call) and (len(call.all("transaction_status")) > 4 or not of_sales)


def without_time(rows: Mapping[Any, Row]) -> dict[Any, Row]:
    """Return rows without the fields that depend on the time of the sync."""
    changing = ("synced_until", "lifetime")
    return {key: {name: value for name, value in row.items() if name not in changing} for key, row in rows.items()}


def by_key(run: Run, stream: str) -> dict[Any, Row]:
    """Return records by key. Assert that each occurs once."""
    records = run.records(stream)
    found = {key_of(stream, record): record for record in records}
    assert len(found) == len(records), "a key came twice"
    return found


# Offered


def test_the_connector_has_at_least_nine_streams():
    assert len(STREAMS) >= 9


@every_stream
def test_discover_returns_the_primary_key_and_cursor(offered, stream):
    found = offered[stream]

    cls = CLASSES[stream]
    assert found["source_defined_primary_key"] == [[name] for name in keys_of(stream)]
    assert found["is_resumable"] is (stream in INCREMENTAL)
    if stream in INCREMENTAL:
        assert found["supported_sync_modes"] == ["full_refresh", "incremental"]
        assert found["default_cursor_field"] == [cls.cursor_field]
        assert found["source_defined_cursor"] is True
    else:
        assert found["supported_sync_modes"] == ["full_refresh"]


@every_stream
def test_the_schema_contains_primary_key_and_cursor(offered, stream):
    fields = offered[stream]["json_schema"]["properties"]

    for name in keys_of(stream):
        assert fields[name]["type"] == ["null", "integer" if name == "recurrency_number" else "string"]
    if stream in INCREMENTAL:
        cursor = fields[str(CLASSES[stream].cursor_field)]
        assert (cursor["format"], cursor["airbyte_type"]) == ("date-time", "timestamp_with_timezone")


@every_stream
def test_the_description_states_the_number_of_requests(offered, stream):
    described = offered[stream]["json_schema"]["description"]

    assert described.endswith(f" Requests: {CLASSES[stream].cost_note}.")
    assert described.startswith("One row per ")


@every_stream
def test_the_docstring_links_to_the_documentation(stream):
    assert "https://developers.hotmart.com/docs/en/" in (CLASSES[stream].__doc__ or "")


def test_lists_without_a_date_have_no_cursor():
    assert WHOLE == [
        "subscription_summary",
        "products",
        "product_offers",
        "product_plans",
        "coupons",
        "club_students",
        "club_modules",
        "club_pages",
    ]


def test_discover_omits_members_area_streams_without_a_members_area(connector):
    connector.config["members_area_subdomain"] = ""

    assert list(discovered(connector)) == [name for name in STREAMS if not name.startswith("club_")]


# Complete


@every_stream
def test_one_page_and_many_pages_give_the_same_rows(small_whole, stream):
    _, unpaged = small_whole(stream)

    connector, paged = small_whole(stream, page_cap=1 if stream == "sales_summary" else 2)

    assert paged.exit_code == unpaged.exit_code == 0
    assert without_time(by_key(paged, stream)) == without_time(by_key(unpaged, stream))
    if stream not in PAGED:
        return
    pages = [call for call in calls_of(connector, stream) if call.get("page_token")]
    assert len(pages) >= 2
    # A list of several pages without totals is read twice.
    assert len(pages) in {factor * len({call.get("page_token") for call in pages}) for factor in (1, 2)}


@every_stream
def test_the_records_equal_the_rows_of_the_account(whole, stream):
    connector, run = whole

    assert not difference(stream, connector.simulator.world.expected(stream), run.records(stream))
    assert len(by_key(run, stream)) == len(run.records(stream)) > 0
    assert run.exit_code == 0
    assert run.statuses == {stream: "COMPLETE"}


@pytest.mark.parametrize(
    ("stream", "full_refresh"), [*((name, True) for name in STREAMS), *((name, False) for name in INCREMENTAL)]
)
def test_an_empty_account_succeeds_without_records(small, stream, full_refresh):
    connector = small(small_world(**dict.fromkeys(SIZES, 0)))

    run = connector.read([stream], full_refresh=full_refresh)

    assert run.exit_code == 0
    assert not run.of_type("RECORD")
    assert not run.errors
    assert run.statuses == {stream: "COMPLETE"}


@pytest.mark.parametrize("stream", INCREMENTAL)
def test_a_full_refresh_ignores_the_state(small, stream):
    connector = small()
    first = connector.read([stream])

    second = connector.read([stream], state=first.state, full_refresh=True)

    assert second.exit_code == 0
    assert set(by_key(second, stream)) == set(by_key(first, stream))
    assert second.state[stream] == {"__ab_no_cursor_state_message": True}


@pytest.mark.parametrize(
    "state", [{"synced_until": "next week"}, {"slices": "none", "state_type": "date-range"}, {"x": 1}]
)
def test_a_full_refresh_accepts_an_invalid_state(small, state):
    connector = small()

    run = connector.read(["sales_users"], state={"sales_users": state}, full_refresh=True)

    assert run.exit_code == 0
    assert len(run.records("sales_users")) == 60


# Typed and keyed


@every_stream
def test_every_record_is_valid_and_has_its_primary_key(offered, whole, stream):
    check = validator(offered[stream]["json_schema"])

    _, run = whole

    assert run.records(stream)
    for record in run.records(stream):
        assert not [error.message for error in check.iter_errors(record)]
        assert all(record[name] or type(record[name]) is int for name in keys_of(stream))
    assert "The field is null in such rows" not in run.logs


def test_the_validator_checks_types_and_formats():
    check = validator({"properties": {"at": {"type": ["null", "string"], "format": "date-time"}}})

    assert check.is_valid({"at": "2024-05-01T12:00:00.123Z"})
    assert check.is_valid({"at": None})
    assert not check.is_valid({"at": "2024-05-01"})
    assert not check.is_valid({"at": 1_714_564_800_123})


@every_stream
def test_every_declared_time_is_text(offered, whole, stream):
    schema = offered[stream]["json_schema"]
    _, run = whole

    def times_declared(node: Mapping[str, Any]) -> bool:
        fields = [*node.get("properties", {}).values(), node.get("items", {})]
        return node.get("format") == "date-time" or any(times_declared(field) for field in fields if field)

    def times(value: Any, node: Mapping[str, Any]) -> list[Any]:
        if isinstance(value, dict):
            fields = node.get("properties", {})
            return [time for name, item in value.items() for time in times(item, fields.get(name, {}))]
        if isinstance(value, list):
            return [time for item in value for time in times(item, node.get("items", {}))]
        return [value] if node.get("format") == "date-time" and value is not None else []

    found = [time for record in run.records(stream) for time in times(record, schema)]

    assert all(isinstance(time, str) and len(time) == 24 and time.endswith("Z") for time in found)
    assert found or not times_declared(schema)


@pytest.mark.parametrize("stream", INCREMENTAL)
def test_no_cursor_is_in_the_future(whole, stream):
    cursor = str(CLASSES[stream].cursor_field)

    _, run = whole
    records = run.records(stream)

    assert records
    assert all(record[cursor] <= iso(NOW_MS) for record in records)


@pytest.mark.parametrize(
    ("stream", "file"),
    [
        ("products", "product-getall-real.json"),
        ("subscriptions", "subscription-real.json"),
        ("club_students", "club-students-real.json"),
        ("coupons", "coupon-get-real.json"),
    ],
)
def test_genuine_records_of_hotmart_match_the_schema(api, caplog, stream, file):
    rows = json.loads((SAMPLE_FOLDER / file).read_text(encoding="utf-8"))["response"]["body"]
    made: HotmartStream = CLASSES[stream](api)
    check = validator(made.get_json_schema())

    for row in rows:
        sent = set(row)
        if stream == "club_students":
            row["subdomain"] = "my-school"
        if stream == "coupons":
            row["product_id"] = "1"
        _, record = made.record(row)
        assert not [error.message for error in check.iter_errors(record)]
        assert sent <= set(record) | set(record.get("additional_fields", ()))
        # Added to the recording by the recording tool.
        assert set(record.get("additional_fields", ())) <= {"coupon_info", "discount_percentage"}
    assert rows
    assert not [log for log in caplog.records if log.levelname == "WARNING"]


def test_both_spellings_of_a_commission_currency_share_one_column(connector):
    held = truth(connector.simulator.world, "sales_commissions")

    found = by_key(connector.read(["sales_commissions"]), "sales_commissions")

    spellings = set()
    for key, entries in ((key, row["commissions"]) for key, row in held.items()):
        for entry, came in zip(entries, found[key]["commissions"], strict=True):
            (spelling,) = {"currency_value", "currency_code"} & entry["commission"].keys()
            spellings.add(spelling)
            assert came["commission"]["currency_code"] == entry["commission"][spelling]
            assert came["commission"][spelling] == entry["commission"][spelling]
    assert spellings == {"currency_value", "currency_code"}


@pytest.mark.parametrize(
    ("commission", "code"),
    [
        ({"value": 1, "currency_value": "BRL"}, "BRL"),
        ({"value": 1, "currency_code": "BRL"}, "BRL"),
        ({"value": 1, "currency_code": "BRL", "currency_value": "EUR"}, "BRL"),
        ({"value": 1, "currency_code": None, "currency_value": "EUR"}, "EUR"),
        ({"value": 1}, None),
    ],
)
def test_the_currency_of_a_commission_is_copied_from_either_field(api, commission, code):
    row = {"transaction": "HP1", "commissions": [{"commission": dict(commission)}]}

    _, record = CLASSES["sales_commissions"](api).record(row)

    assert record["commissions"][0]["commission"].get("currency_code") == code


@pytest.mark.parametrize("commissions", [None, [], [None], [{}], [{"commission": None}]])
def test_an_incomplete_commission_is_kept(api, commissions):
    _, record = CLASSES["sales_commissions"](api).record({"transaction": "HP1", "commissions": commissions})

    assert record["commissions"] == commissions
    assert "unparsed_values" not in record


@pytest.mark.parametrize(
    ("commissions", "column", "path", "raw"),
    [
        (["x"], [None], "commissions[0]", "x"),
        ([{"commission": "x"}], [{"commission": None}], "commissions[0].commission", "x"),
        ("x", None, "commissions", "x"),
        ({}, None, "commissions", "{}"),
        ({"commission": {}}, None, "commissions", '{"commission":{}}'),
        (5, None, "commissions", "5"),
        (True, None, "commissions", "true"),
    ],
    ids=repr,
)
def test_commissions_of_an_unexpected_type_are_kept_as_unparsed_values(api, commissions, column, path, raw):
    _, record = CLASSES["sales_commissions"](api).record({"transaction": "HP1", "commissions": commissions})

    assert record["commissions"] == column
    assert record["unparsed_values"] == {path: raw}


def test_plus_access_is_a_boolean_and_its_text_is_kept(connector):
    words = {key: row["plus_access"] for key, row in truth(connector.simulator.world, "club_students").items()}

    found = by_key(connector.read(["club_students"]), "club_students")

    assert {key: row["plus_access_type"] for key, row in found.items()} == words
    assert {key: row["plus_access"] for key, row in found.items()} == {
        key: word != "WITHOUT_PLUS_ACCESS" for key, word in words.items()
    }
    assert len(set(words.values())) > 2


@pytest.mark.parametrize(
    ("sent", "made"),
    [
        ({"plus_access": "WITHOUT_PLUS_ACCESS"}, (False, "WITHOUT_PLUS_ACCESS")),
        ({"plus_access": "HOLDER"}, (True, "HOLDER")),
        ({"plus_access": "A_NEW_WORD"}, (True, "A_NEW_WORD")),
        ({"plus_access": True}, (True, None)),
        ({"plus_access": "false"}, (False, None)),
        ({"plus_access": "FALSE"}, (False, None)),
        ({"plus_access": "true"}, (True, None)),
        ({"plus_access": ""}, (None, None)),
        ({"plus_access": 1}, (None, None)),
        ({"plus_access": None}, (None, None)),
        ({}, (None, None)),
    ],
    ids=repr,
)
def test_plus_access_is_parsed_from_its_text(api, sent, made):
    _, record = CLASSES["club_students"](api).record({"user_id": "U1", "subdomain": "my-school", **sent})

    assert (record.get("plus_access"), record.get("plus_access_type")) == made


@pytest.mark.parametrize(
    ("recurrency", "days"),
    [
        ({"payment_delays_days": 3}, 3),
        ({"payment_delay_days": 3}, 3),
        ({"payment_delays_days": 3, "payment_delay_days": 5}, 3),
        ({"payment_delays_days": None, "payment_delay_days": 5}, 5),
        ({"payment_delay_days": None}, None),
        ({}, None),
    ],
    ids=repr,
)
def test_both_spellings_of_the_payment_delay_share_one_column(api, recurrency, days):
    row = {"purchase": {"transaction": "HP1"}, "recurrency": dict(recurrency)}
    made: HotmartStream = CLASSES["subscription_transactions"](api)

    _, record = made.record(row)

    assert record["recurrency"].get("payment_delays_days") == days
    assert {**record["recurrency"], **recurrency}.get("payment_delay_days") == recurrency.get("payment_delay_days")
    assert validator(made.get_json_schema()).is_valid(record)


@pytest.mark.parametrize(
    ("commission", "currency"),
    [
        ({"currency": "USD"}, "USD"),
        ({"currency": None}, "NONE"),
        ({"currency": ""}, "NONE"),
        ({}, "NONE"),
        (None, "NONE"),
    ],
    ids=repr,
)
def test_a_charge_without_a_commission_currency_has_a_primary_key(api, commission, currency):
    row = {"purchase": {"transaction": "HP1", "commission": commission}}

    key, record = CLASSES["subscription_transactions"](api).record(row)

    assert key == ("HP1", currency, 0)
    assert record["commission_currency"] == currency


@pytest.mark.parametrize("stream", ["sales_history", "subscriptions", "products", "club_students"])
@pytest.mark.parametrize("value", [{"deep": [1_714_564_800_123, None]}, "x", 5, False, []], ids=repr)
def test_undeclared_fields_are_kept_unchanged(small, stream, value):
    connector = small()
    for name in ("brand_new", "product.brand_new"):
        connector.simulator.add_fault(
            Fault(
                kind="bad_date",
                path=PATHS[stream],
                field_name=name,
                value=value,
                where=is_for_rows,
            )
        )

    records = connector.read([stream]).records(stream)

    kept = [record["additional_fields"] for record in records if "additional_fields" in record]
    assert [fields["brand_new"] for fields in kept if "brand_new" in fields] == [value]
    nested = [record["product"] for record in [*records, *kept] if "brand_new" in (record.get("product") or ())]
    assert [product["brand_new"] for product in nested] in ([value], [])


@every_stream
def test_every_field_that_hotmart_sends_is_kept(whole, stream):
    def fields(value: Any, path: str = "") -> set[str]:
        if isinstance(value, dict):
            return set().union(*({f"{path}.{name}"} | fields(item, f"{path}.{name}") for name, item in value.items()))
        return set().union(*(fields(item, f"{path}[]") for item in value)) if isinstance(value, list) else set()

    connector, run = whole
    held = truth(connector.simulator.world, stream)

    found = by_key(run, stream)

    for key, row in held.items():
        assert fields(row) <= fields(found[key])


@pytest.mark.parametrize(
    ("stream", "fault"),
    [
        ("products", {"kind": "number_for_string", "field_name": "name", "value": 12_345}),
        ("sales_history", {"kind": "number_for_string", "field_name": "product.name", "value": 12_345}),
    ],
)
def test_a_number_in_a_text_field_becomes_text(small, stream, fault):
    connector = small()
    connector.simulator.add_fault(Fault(path=PATHS[stream], where=is_for_rows, **fault))

    run = connector.read([stream])

    names = [record["name"] if stream == "products" else record["product"]["name"] for record in run.records(stream)]
    assert "12345" in names
    assert 12_345 not in names
    assert "The field is null in such rows" not in run.logs


@pytest.mark.parametrize(
    ("sent", "came"),
    [
        ("", None),
        (None, None),
        (1_714_564_800, "2024-05-01T12:00:00.000Z"),
        ("1714564800123", "2024-05-01T12:00:00.123Z"),
    ],
)
def test_a_date_in_another_format_becomes_a_time_or_null(small, sent, came):
    connector = small()
    connector.simulator.add_fault(Fault(kind="bad_date", path=PATHS["products"], value=sent))

    first, *_ = connector.read(["products"]).records("products")

    assert first.get("created_at") == came  # the CDK prints no nulls


@pytest.mark.parametrize(
    ("sent", "raw"),
    [
        ("9999-12-31T23:59:59-03:00", "9999-12-31T23:59:59-03:00"),
        ("0001-01-01T00:00:00+03:00", "0001-01-01T00:00:00+03:00"),
        (10**17, "1" + "0" * 17),
        ("never", "never"),
        (True, "true"),
        ({}, "{}"),
    ],
)
def test_an_invalid_date_becomes_null_and_is_logged_once(small, sent, raw):
    connector = small()
    connector.simulator.add_fault(Fault(kind="bad_date", path=PATHS["products"], value=sent))

    run = connector.read(["products"])

    assert run.exit_code == 0
    first, *others = run.of_type("RECORD")
    assert "created_at" not in first["record"]["data"]  # the CDK prints no nulls
    assert first["record"]["data"]["unparsed_values"] == {"created_at": raw}
    assert first["record"]["meta"]["changes"] == [
        {"field": "created_at", "change": "NULLED", "reason": "SOURCE_SERIALIZATION_ERROR"}
    ]
    assert not [other for other in others if other["record"].get("meta")]
    told = [line for line in run.logs.splitlines() if line.startswith("WARN products: Hotmart sent ")]
    assert len(told) == 1
    assert "in the field created_at instead of " in told[0]


@every_stream
def test_a_row_without_its_primary_key_fails_the_stream(small, stream):
    connector = small()
    connector.simulator.add_fault(
        Fault(kind="no_key", path=PATHS[stream], times=None, where=lambda call: call.get("max_results") != "1")
    )

    run = connector.read([stream])

    assert run.exit_code != 0
    assert re.search(rf"{stream}: Hotmart sent (a row|1 row|\d+ rows) without (a|its) primary key", run.sentences)
    assert run.statuses == {stream: "INCOMPLETE"}


# Requests


@pytest.mark.parametrize("stream", STATUSES)
@pytest.mark.parametrize("full_refresh", [True, False], ids=["full refresh", "incremental"])
def test_all_statuses_are_sent_as_repeated_parameters(small, stream, full_refresh):
    connector = small(page_cap=5)

    connector.read([stream], full_refresh=full_refresh)

    calls = [call for call in calls_of(connector, stream) if is_for_rows(call)]
    assert calls
    for call in calls:
        asked = call.all("transaction_status")
        assert sorted(asked) == sorted(STATUSES[stream])
        assert not [status for status in asked if "," in status]


def test_sales_have_17_statuses_and_price_details_14():
    assert (len(STATUSES["sales_history"]), len(STATUSES["sales_price_details"])) == (17, 14)


@pytest.mark.parametrize("stream", DATES)
@pytest.mark.parametrize("full_refresh", [True, False], ids=["full refresh", "incremental"])
def test_every_request_has_both_dates_and_none_in_the_future(small, clock, stream, full_refresh):
    connector = small(page_cap=5)
    connector.simulator.before_call = lambda call: clock.advance(seconds=1)
    start, end = DATES[stream]

    run = connector.read([stream], full_refresh=full_refresh)

    assert run.exit_code == 0
    calls = calls_of(connector, stream)
    assert calls
    for call in calls:
        assert len(call.all(start)) == len(call.all(end)) == 1
        assert int(call.get(start) or 0) <= int(call.get(end) or 0) <= call.at_s * 1000
        # Only charges updated during the sync are requested for a time after the sync's `now`.
        after_now = stream == "subscription_transactions" and int(call.get(start) or 0) > NOW_MS - 61_000
        assert after_now or int(call.get(end) or 0) <= NOW_MS


def test_subscriptions_are_requested_since_2010_without_an_end_date(small):
    connector = small(page_cap=5)

    connector.read(["subscriptions"])

    calls = calls_of(connector, "subscriptions")
    assert {call.get("accession_date") for call in calls} == {"1262304000000"}
    assert {call.get("end_accession_date") for call in calls} == {None}


@pytest.mark.parametrize("stream", PAGED)
def test_a_page_token_is_sent_with_its_original_query(small_whole, stream):
    connector, _ = small_whole(stream, page_cap=1 if stream == "sales_summary" else 2)

    queries = [
        sorted((name, value) for name, value in call.query if name != "page_token")
        for call in calls_of(connector, stream)
        if call.get("page_token")
    ]
    firsts = [sorted(call.query) for call in calls_of(connector, stream) if not call.get("page_token")]
    assert queries
    assert all(query in firsts for query in queries)


@pytest.mark.parametrize(
    ("stream", "rows"),
    {
        **dict.fromkeys(STREAMS, "500"),
        **dict.fromkeys(("products", "product_offers", "product_plans"), "100"),
        "club_students": "50",
        # These have no pages, or no parameter for their size.
        **dict.fromkeys(
            ("subscription_purchases", "coupons", "club_modules", "club_pages", "club_lessons"),
        ),
    }.items(),
)
def test_pages_are_requested_with_the_maximum_size(small_whole, stream, rows):
    connector, _ = small_whole(stream)

    questions = {"1", "10"}
    asked = {call.get("max_results") for call in calls_of(connector, stream)} - questions
    assert asked == {rows}


@every_stream
def test_requests_have_only_standard_headers(small_whole, stream):
    connector, _ = small_whole(stream)

    for call in calls_of(connector, stream):
        assert set(call.headers) <= {"authorization", "user-agent", "accept", "accept-encoding", "connection"}


def test_students_of_every_members_area_have_distinct_primary_keys(connector):
    found = by_key(connector.read(["club_students"]), "club_students")

    assert {club for club, _ in found} == {"my-school", "second-school"}
    users = [user for _, user in found]
    assert len(set(users)) < len(users), "nobody is a student of both"


@every_stream
def test_the_stream_alone_has_the_same_rows_as_among_all(small_whole, stream):
    _, alone = small_whole(stream)

    _, among_all = small_whole()

    assert without_time(by_key(among_all, stream)) == without_time(by_key(alone, stream))


# Not offered


def test_an_unknown_stream_is_named_and_the_others_are_read(small):
    connector = small()

    run = connector.read(["products", "refunds", "sales_users"])

    assert run.exit_code != 0
    assert (
        "refunds: This connector has no such stream. Refresh the connection's schema and deselect it." in run.sentences
    )
    assert {error["failure_type"] for error in run.errors} == {"config_error"}
    assert run.statuses == {"products": "COMPLETE", "sales_users": "COMPLETE", "refunds": "INCOMPLETE"}
    assert len(by_key(run, "products")) == 12
    assert len(by_key(run, "sales_users")) == 60


def test_a_missing_members_area_setting_fails_only_its_streams(small):
    connector = small()
    connector.config["members_area_subdomain"] = ""

    run = connector.read(["club_students", "products"])

    assert run.exit_code != 0
    assert "club_students: The setting members_area_subdomain is empty" in run.sentences
    assert "Fill it in, or deselect the stream. On the command line make a new catalog: " in run.sentences
    assert run.statuses == {"products": "COMPLETE", "club_students": "INCOMPLETE"}
    assert len(by_key(run, "products")) == 12


def test_unknown_and_unconfigured_streams_are_both_reported(small):
    connector = small()
    connector.config["members_area_subdomain"] = ""

    run = connector.read(["club_students", "refunds", "products"])

    assert run.exit_code != 0
    assert "members_area_subdomain is empty" in run.sentences
    assert "refunds: This connector has no such stream" in run.sentences
    assert len(by_key(run, "products")) == 12


def test_an_unknown_members_area_is_named_and_the_other_is_read(small):
    connector = small()
    connector.config["members_area_subdomain"] = "my-school, wrong-one"

    run = connector.read(["club_students"])

    assert run.exit_code != 0
    assert "club_students: Hotmart knows no members area 'wrong-one'. Check members_area_subdomain" in run.sentences
    clubs = {club for club, _ in by_key(run, "club_students")}
    assert clubs == {"my-school"}


def test_an_empty_catalog_reads_nothing(small):
    connector = small()

    run = connector.run("read", catalog=catalog([]))

    assert not run.of_type("RECORD")
    assert not [call for call in connector.simulator.calls if call.method == "GET"]


def test_sales_outside_hotmarts_default_statuses_are_read(small):
    connector = small()

    run = connector.read(["sales_history"])

    statuses = {record["purchase"]["status"] for record in run.records("sales_history")}
    assert len(statuses - set(DEFAULT_SALE_STATUSES)) > 5


def test_statuses_are_requested_one_by_one_if_a_list_is_rejected(small):
    connector = small(several_statuses="refused")

    run = connector.read(["sales_history"])

    assert run.exit_code == 0
    expected = connector.simulator.world.expected("sales_history")
    assert not difference("sales_history", expected, run.records("sales_history"))
    assert run.logs.count("sales_history: Hotmart may ignore some of several statuses in one request") == 1


def test_the_summary_has_a_row_for_every_month_and_currency(connector):
    found = by_key(connector.read(["sales_summary"]), "sales_summary")

    months = {month for month, _ in found}
    currencies = {currency for _, currency in found}
    assert len(found) == len(months) * len(currencies)
    assert len(months) == 49
    for (month, currency), row in found.items():
        assert (row["month"], row["currency_code"]) == (month, currency)
        assert row["total_value"]["currency_code"] == currency


def test_the_summary_contains_hotmarts_own_totals(connector):
    held = truth(connector.simulator.world, "sales_summary")

    found = by_key(connector.read(["sales_summary"]), "sales_summary")

    for key, row in held.items():
        assert (found[key]["total_items"], found[key]["total_value"]) == (row["total_items"], row["total_value"])
    zeros = [row for key, row in found.items() if key not in held]
    assert zeros
    assert all(row["total_items"] == 0 and row["total_value"]["value"] == 0 for row in zeros)
