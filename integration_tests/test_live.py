"""The probe of a real account, asked of simulated ones: each side of each question, and what it must never do."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from hotmart_simulator import Simulator, Switches, World
from hotmart_simulator.server.faults import Fault
from hotmart_simulator.server.login import TOKEN_PATH
from hotmart_simulator.server.request_log import Call
from integration_tests.harness import NOW_MS, START_MS, VirtualClock, switches
from integration_tests.live import __main__ as live
from integration_tests.live.account import Account
from integration_tests.live.probe import MAX_CALLS, Probe
from integration_tests.live.question import Finding, Question
from integration_tests.live.questions import SECTIONS
from integration_tests.rows import KEYS
from source_hotmart.config import Config

QUESTIONS = {question.assumption: question for _, questions in SECTIONS for question in questions}
SALES_PATH = "/payments/api/v1/sales/history"

Ask = Callable[..., Finding]
CommandLine = Callable[..., tuple[int, str]]


def sides(**changes: Any) -> Switches:
    """The switches of all tests with changes, and with the rate limit that Hotmart has."""
    return switches(**{"limit_per_minute": 500, **changes})


@pytest.fixture(scope="module")
def world() -> World:
    """Not to be moved: half of its sales are of the last twelve months."""
    sizes: dict[str, Any] = {"sales": 500, "subscriptions": 80, "students": 60, "products": 14}
    return World(seed=7, start_ms=NOW_MS - 730 * 86_400_000, now_ms=NOW_MS, **sizes)


@pytest.fixture
def simulator(world: World, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(world, sides(), clock.time) as simulator:
        for variable in ("HOTMART_API_URL", "HOTMART_AUTH_URL"):
            monkeypatch.setenv(variable, simulator.url)
        yield simulator


def settings_of(simulator: Simulator, **changes: Any) -> dict[str, Any]:
    settings = {
        "client_id": simulator.client_id,
        "client_secret": simulator.client_secret,
        "token": simulator.basic,
        "start_date": "2024-01-01",
        "members_area_subdomain": simulator.switches.subdomains[0],
    }
    return {**settings, **changes}


@pytest.fixture
def ask(simulator: Simulator) -> Ask:
    """Asks one question of an account with these switches and faults."""

    def ask(assumption: str, *faults: Fault, config: dict[str, Any] | None = None, **changes: Any) -> Finding:
        simulator.switches = sides(**changes)
        for fault in faults:
            simulator.add_fault(fault)
        config_of_account = Config.from_mapping(settings_of(simulator, **(config or {})))
        return QUESTIONS[assumption].finding(Account(Probe(config_of_account), config_of_account))

    return ask


@pytest.fixture
def ask_small(clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Asks one question of an account of these sizes."""

    def ask(assumption: str, *faults: Fault, **sizes: Any) -> Finding:
        small: dict[str, Any] = {"sales": 20, "subscriptions": 10, "students": 5, "products": 4, **sizes}
        world = World(seed=7, start_ms=START_MS, now_ms=NOW_MS, **small)
        with Simulator(world, sides(), clock.time) as simulator:
            for fault in faults:
                simulator.add_fault(fault)
            for variable in ("HOTMART_API_URL", "HOTMART_AUTH_URL"):
                monkeypatch.setenv(variable, simulator.url)
            config = Config.from_mapping(settings_of(simulator))
            return QUESTIONS[assumption].finding(Account(Probe(config), config))

    return ask


@pytest.fixture
def command_line(
    simulator: Simulator, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> CommandLine:
    """`python -m integration_tests.live` in this process: its exit code, and all that it prints."""
    monkeypatch.setattr(live, "WIDTH", 4_000)  # no value is folded, so that each would be found

    def run(*flags: str, **changes: Any) -> tuple[int, str]:
        config = tmp_path / "config.json"
        config.write_text(json.dumps(settings_of(simulator, **changes)))
        monkeypatch.setattr(sys, "argv", ["live", "--config", str(config), *flags])
        exit_code = live.main()
        printed = capfd.readouterr()
        return exit_code, printed.out + printed.err

    return run


TOKEN = "an access token lives as long as expires_in says"
QUOTA = "RateLimit headers tell limit, rest and seconds to the reset"
REPEATED = "{}: repeated transaction_status gives the union"
COMMAS = "{}: a comma list of statuses is refused"
PAID = "sales without a status are the approved and complete ones"
LIMIT = "730 days limit the length of a window, not its age"
ENDS = "a window of sales includes both of its ends"
CHEAP = "max_results=1 takes much less time than a page"
IN_TIME = "twelve months in 17 statuses come within 30 s"
LONG = "subscriptions since 2010 come in one window"
SUBSCRIPTIONS = "subscriptions without a status are those of every status"
ACCESSION = "end_accession_date bounds the accession"
CHARGES = "transaction_date filters last_update"
OFFERS = "a product without offers: empty list"
PLANS = "a product without plans: 400 or empty list"
COUPONS = "a product without coupons: empty list or empty body"
DELETED = "deleted products stay in the list"
SUBDOMAIN = "a club is known by one form of its subdomain only"
UNKNOWN = "an unknown club is told by 404, a redirect or HTML"
MODULES = "modules without is_extra are not all of them"
PAGES = "version 1 of a module's pages still answers"
TICKETS = "tickets without a status are those of every status"
FUTURE = "an end_date in the future is refused"
NO_DATES = "sales without dates are those of about 30 days"
NO_ACCESSION = "subscriptions without accession_date are those of 30 days"
NO_SUMMARY_DATE = "subscriptions/summary without accession_date: those of 30 days"
NO_CHARGE_DATE = "subscriptions/transactions without dates: those of 30 days"
SUMMARY = "sales/summary: repeated transaction_status gives the union"
DETAILS = "price/details knows no NO_FUNDS, PRE_ORDER, PROCESSING_TRANSACTION"
ORDER = "{}: rows come in no certain order"
SALES = ("sales/history", "sales/users", "sales/commissions", "sales/price/details")
COUNTED = (*SALES, "subscriptions", "club/users", "participants")
PAGED = ("subscriptions/summary", "subscriptions/transactions", "products", "offers", "plans", "coupons")
OFFERS_PATH = "/products/api/v1/products/*/offers"


@pytest.mark.parametrize(
    ("assumption", "changes", "did"),
    [
        (TOKEN, {}, "172,799 s, 48.0 hours"),
        (TOKEN, {"token_life_s": 86_400}, "86,400 s, 24.0 hours"),
        (TOKEN, {"token_life_s": 21_600}, "21,600 s, 6.0 hours"),
        *((REPEATED.format(name), {}, "approved or complete ones") for name in SALES),
        *((REPEATED.format(name), {"several_statuses": "refused"}, "status by status") for name in SALES),
        *((COMMAS.format(name), {}, "400 invalid_parameter") for name in SALES),
        *((COMMAS.format(name), {"comma_lists": "accept"}, "accepted, with ") for name in SALES),
        (SUMMARY, {}, "sales added up"),
        (SUMMARY, {"several_statuses": "refused"}, "400 invalid_parameter"),
        (DETAILS, {}, "400 invalid_parameter"),
        (PAID, {}, "every one seen approved or complete"),
        (LIMIT, {}, "a limit of the length"),
        (LIMIT, {"max_window_days": 9_000}, "no limit at 730 days"),
        (LIMIT, {"max_window_days": 366}, "a limit below 730 days"),
        (ENDS, {}, "a sale at its end comes, a sale at its start comes"),
        (FUTURE, {}, "400 invalid_parameter"),
        (FUTURE, {"future_end_date": "accept"}, "accepted (200)"),
        (CHEAP, {"ms_per_row_sent": 10}, "0.01 s against"),
        (CHEAP, {"ms_per_row_found": 10}, "not cheap"),
        (IN_TIME, {}, "rows in 0.0 s"),
        (IN_TIME, {"latency_ms": 31_000}, "rows in 31.0 s, which is longer"),
        (IN_TIME, {"heavy_days": 300}, "502 internal_server_error after 0.0 s"),
        (LONG, {}, "200"),
        (LONG, {"heavy_days": 900}, "502 internal_server_error; those of the last twelve months come"),
        (SUBSCRIPTIONS, {}, "CANCELLED_BY_CUSTOMER"),
        (ACCESSION, {}, "it bounds the accession"),
        (ACCESSION, {"end_accession_filters": "cancellation"}, "it bounds the cancellation"),
        (CHARGES, {}, "it filters last_update"),
        (CHARGES, {"transaction_date_filters": "order_date"}, "it filters purchase.order_date"),
        (PLANS, {}, "400 invalid_parameter"),
        (PLANS, {"no_plans": "list"}, "200, an empty list"),
        (COUPONS, {"no_coupons": "list"}, "200, an empty list"),
        (COUPONS, {"no_coupons": "empty"}, "200, an empty body"),
        (DELETED, {}, "of 14 products"),
        (SUBDOMAIN, {}, "in capitals: 404 0006; without hyphens: 404 0006"),
        (SUBDOMAIN, {"subdomain_forms": "loose"}, "in capitals: 200; without hyphens: 200"),
        (UNKNOWN, {}, "404 0006"),
        (UNKNOWN, {"unknown_subdomain": "redirect"}, "302, a redirect"),
        (UNKNOWN, {"unknown_subdomain": "html"}, "200, an HTML page"),
        (MODULES, {}, "the regular ones"),
        (MODULES, {"modules_without_is_extra": "all"}, "all: "),
        (PAGES, {}, "version 1: 4 pages"),
        (PAGES, {"pages_v1": "gone"}, "version 1: 404 0006; version 2 with product 1"),
        (PAGES, {"pages_v1": "refused", "pages_of_wrong_product": "404"}, "version 2 with product 3: 4 pages"),
        (TICKETS, {}, "REFUNDED"),
        (ORDER.format("sales/history"), {}, "newest order_date first"),
        (ORDER.format("sales/history"), {"sales_order": "oldest"}, "oldest order_date first"),
        (ORDER.format("sales/history"), {"sales_order": "none"}, "neither up nor down"),
        (ORDER.format("subscriptions"), {}, "newest accession_date first"),
        (ORDER.format("subscriptions/transactions"), {}, "neither up nor down by order_date"),
        *(
            (f"{name}: total_results counts all rows", {"club_cap": 50}, "as many as there are rows")
            for name in COUNTED[:-1]
        ),
        *((f"{name}: total_results counts all rows", {"page_cap": 20}, "20 rows on the first") for name in COUNTED),
        *((f"{name}: total_results counts all rows", {"totals": "nowhere"}, "not told") for name in COUNTED),
        *((f"{name}: total_results counts all rows", {}, "not told") for name in PAGED),
        *((f"{name}: a page holds 500 rows at the most", {"payments_cap": 25}, "25 rows of 1,000") for name in SALES),
        ("products: how many rows a page holds is not known", {"products_cap": 9}, "9 rows of 1,000"),
        ("club/users: how many rows a page holds is not known", {"club_cap": 7}, "7 rows of 1,000"),
        ("participants: how many rows a page holds is not known", {"events_cap": 8}, "8 rows of 1,000"),
        ("offers: how many rows a page holds is not known", {"page_cap": 2}, "2 rows of 1,000"),
        ("plans: how many rows a page holds is not known", {"page_cap": 2}, "2 rows of 1,000"),
        ("coupons: how many rows a page holds is not known", {"page_cap": 2}, "2 rows of 1,000"),
        ("sales/history: how many rows come without max_results is not known", {}, "10 rows"),
        ("products: how many rows come without max_results is not known", {"default_rows": 5}, "5 rows"),
        ("club/users: how many rows come without max_results is not known", {"default_rows": 5}, "5 rows"),
        (NO_DATES, {}, "; the oldest is of 30 days ago"),
        (NO_DATES, {"default_window_days": 90}, "; the oldest is of 88 days ago"),
        (NO_ACCESSION, {}, "accession_date 2"),
        (NO_ACCESSION, {"default_window_days": 400}, "accession_date 3"),
        (NO_SUMMARY_DATE, {}, "accession_date 2"),
        (NO_SUMMARY_DATE, {"default_window_days": 400}, "accession_date 3"),
        (NO_CHARGE_DATE, {}, "last_update 2"),
        (NO_CHARGE_DATE, {"default_window_days": 400}, "last_update 3"),
    ],
)
def test_what_the_api_does_is_told_and_safe(ask: Ask, assumption: str, changes: dict[str, Any], did: str) -> None:
    finding = ask(assumption, **changes)

    assert did in finding.did
    assert finding.is_told
    assert not finding.danger


@pytest.mark.parametrize(
    ("assumption", "changes", "did", "danger"),
    [
        *((REPEATED.format(name), {"statuses_on_history": "first"}, "only", "rows are missed") for name in SALES),
        (PAID, {"statuses_by_default": "all"}, "other statuses come as well: ", "sales_summary holds more"),
        (LIMIT, {"max_window_of": "age"}, "a limit of the age", "sales that old cannot be read"),
        (ENDS, {"window_ends": "start"}, "a sale at its end does not come", "at the very edge"),
        (SUBSCRIPTIONS, {"subscriptions_by_default": "active"}, "only ACTIVE", "subscriptions of other statuses"),
        (PLANS, {"no_plans": "empty"}, "200, an empty body", "one such product fails the stream"),
        (SUBDOMAIN, {"subdomains": ("another",)}, "as configured: 404 0006", "the club is not read"),
        (TICKETS, {"tickets_by_default": "confirmed"}, "only confirmed ones", "keep their last status"),
    ],
)
def test_what_is_unsafe_is_said(ask: Ask, assumption: str, changes: dict[str, Any], did: str, danger: str) -> None:
    config = {"members_area_subdomain": "my-school"}
    finding = ask(assumption, config=config, **changes)

    assert did in finding.did
    assert danger in finding.danger


@pytest.mark.parametrize(
    ("assumption", "fault", "did", "danger"),
    [
        (OFFERS, Fault(kind="empty200", path=OFFERS_PATH, times=None), "200, an empty body", "fails the stream"),
        (OFFERS, Fault(kind=404, path=OFFERS_PATH, times=None), "404 not_found", "fails the stream"),
        (PAGES, Fault(kind=404, path="/club/api/v?/modules/*", times=None), "; 11 more products may tell", ""),
        (UNKNOWN, Fault(kind="empty_object", path="/club/api/v1/users", nth=2), "200, JSON of another form", ""),
        (
            "sales/history: total_results counts all rows",
            Fault(kind="wrong_total", path=SALES_PATH, times=None),
            " where 2",
            "warns of rows that are not missing",
        ),
    ],
)
def test_other_answers_than_expected_are_judged(ask: Ask, assumption: str, fault: Fault, did: str, danger: str) -> None:
    finding = ask(assumption, fault)

    assert did in finding.did
    assert danger in finding.danger


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "RateLimit-Limit 500; RateLimit-Remaining 499 to 499; RateLimit-Reset in seconds from now; X-RateLimit-"),
        ({"quota_names": "standard"}, "RateLimit-Reset in seconds from now"),
        ({"quota_names": "x"}, "X-RateLimit-Limit-Minute 500; X-RateLimit-Remaining-Minute 499 to 499"),
        ({"quota_reset": "epoch"}, "RateLimit-Reset is a point in time"),
        ({"quota_names": "none"}, "no such header"),
    ],
)
def test_the_headers_of_the_quota_are_told(simulator: Simulator, changes: dict[str, Any], told: str) -> None:
    simulator.switches = sides(**changes)
    config = Config.from_mapping(settings_of(simulator))
    account = Account(Probe(config), config)
    account.products()

    assert told in QUESTIONS[QUOTA].finding(account).did


@pytest.mark.parametrize(
    ("assumption", "sizes", "reason"),
    [
        *((REPEATED.format(name), {"sales": 0}, "approved or complete") for name in SALES),
        (PAID, {"sales": 0}, "there is no sale"),
        (ENDS, {"sales": 0}, "there is no sale"),
        (CHEAP, {"sales": 5}, "fewer than 20 sales"),
        (NO_DATES, {"sales": 0}, "no sales of the last twelve months"),
        (SUBSCRIPTIONS, {"subscriptions": 0}, "no subscription"),
        (ACCESSION, {"subscriptions": 0}, "takes two subscriptions"),
        (NO_ACCESSION, {"subscriptions": 0}, "nothing older"),
        (CHARGES, {"sales": 0}, "no charge"),
        (DELETED, {"products": 1}, "no deleted product"),
        (TICKETS, {"products": 1}, "the account has no event"),
        (PLANS, {"products": 1}, "no product of its own"),
        (MODULES, {"modules": 0}, "no modules of both kinds"),
        (PAGES, {"modules": 0}, "no module with pages"),
        (ORDER.format("subscriptions"), {"subscriptions": 1}, "there is only 1 row"),
        ("subscriptions: a page holds 500 rows at the most", {"subscriptions": 1}, "there is only 1 row"),
        ("sales/users: a page holds 500 rows at the most", {"sales": 0}, "there are only 0 rows"),
    ],
)
def test_what_the_account_cannot_tell_is_said(
    ask_small: Ask, assumption: str, sizes: dict[str, int], reason: str
) -> None:
    finding = ask_small(assumption, **sizes)

    assert not finding.is_told
    assert finding.did.startswith("not to be told: ")
    assert reason in finding.did


def test_pages_that_no_product_tells_are_unsafe(ask_small: Ask) -> None:
    finding = ask_small(PAGES, Fault(kind=404, path="/club/api/v?/modules/*", times=None), products=1)

    assert finding.did == "version 1: 404 not_found; version 2 with product 1: 404 not_found"
    assert finding.danger == "the pages of such modules are missed"


def test_questions_about_clubs_are_left_open_without_one(ask: Ask) -> None:
    for assumption in (SUBDOMAIN, UNKNOWN, MODULES, PAGES):
        finding = ask(assumption, config={"members_area_subdomain": ""})

        assert finding.did == "not to be told: the settings name no members_area_subdomain"


def test_what_the_credential_may_not_read_is_left_open(ask: Ask) -> None:
    assert ask(TICKETS, refused_families=("events",)).did == "not to be told: the credential may not read it (403)"
    assert "(401)" in ask(LONG, refused_families=("payments",), refused_with=401).did
    assert "(403)" in ask(OFFERS, refused_families=("products",)).did


def test_a_run_answers_every_question_read_only_and_within_its_calls(
    simulator: Simulator, command_line: CommandLine
) -> None:
    simulator.switches = sides(page_cap=20)  # so that nothing is left open for want of rows
    exit_code, printed = command_line()

    assert exit_code == 0
    for question in QUESTIONS.values():
        assert question.assumption in printed
        assert question.depends in printed
    assert "another form than is known" not in printed
    assert re.search(r"of 67 questions answered in (\d+) calls, none unsafe", printed)
    assert len(simulator.calls) <= MAX_CALLS
    assert f"in {len(simulator.calls)} calls" in printed
    assert {call.method for call in simulator.calls if call.path != TOKEN_PATH} == {"GET"}
    assert [call.method for call in simulator.calls if call.path == TOKEN_PATH] == ["POST"]
    asked = [(call.path, tuple(call.query)) for call in simulator.calls]
    assert len(set(asked)) == len(asked)  # shared among questions


@pytest.mark.parametrize(
    "changes",
    [
        {
            "tickets_by_default": "confirmed",
            "pages_v1": "gone",
            "heavy_days": 900,
            "subscriptions_by_default": "active",
            "subdomain_forms": "loose",
        },
        {"several_statuses": "refused", "comma_lists": "accept", "max_window_of": "age", "no_coupons": "list"},
        {"limit_per_minute": 20},
    ],
)
def test_no_account_takes_more_calls_than_allowed(
    simulator: Simulator, command_line: CommandLine, changes: dict[str, Any]
) -> None:
    simulator.switches = sides(**changes)
    _, printed = command_line()

    assert "questions answered" in printed
    assert "are used up" not in printed
    assert len(simulator.calls) <= MAX_CALLS


def first_of_its_kind() -> Callable[[Call], bool]:
    """Tells of each query whether it is asked for the first time."""
    asked: set[Any] = set()

    def is_first(call: Call) -> bool:
        query, known = (call.path, tuple(call.query)), len(asked)
        asked.add(query)
        return len(asked) > known

    return is_first


def test_failures_are_tried_again_within_the_same_calls(simulator: Simulator, command_line: CommandLine) -> None:
    simulator.add_fault(Fault(kind=503, times=None, where=first_of_its_kind()))
    exit_code, printed = command_line()

    assert exit_code == 0
    assert len(simulator.calls) == MAX_CALLS
    assert "Hotmart answered 503" not in printed
    assert "not asked: the 60 calls are used up" in printed


def test_an_outage_is_no_answer(simulator: Simulator, command_line: CommandLine) -> None:
    simulator.add_fault(Fault(kind=503, times=None))
    exit_code, printed = command_line()

    assert exit_code == 0
    assert "not to be told: Hotmart answered 503" in printed
    assert "2 of 67 questions answered" in printed  # the token's life and the quota


def test_a_run_ends_cleanly_when_its_calls_do(simulator: Simulator, command_line: CommandLine) -> None:
    exit_code, printed = command_line("--calls", "12")

    assert exit_code == 0
    assert len(simulator.calls) == 12
    assert "not asked: the 12 calls are used up" in printed
    assert "answered in 12 calls" in printed


def test_no_more_calls_can_be_asked_for_than_allowed(simulator: Simulator, command_line: CommandLine) -> None:
    simulator.add_fault(Fault(kind=503, times=None, where=first_of_its_kind()))
    command_line("--calls", "500")

    assert len(simulator.calls) == MAX_CALLS


def test_what_is_unsafe_makes_the_exit_code_one(simulator: Simulator, command_line: CommandLine) -> None:
    simulator.switches = sides(statuses_on_history="first")
    exit_code, printed = command_line()

    assert exit_code == 1
    assert "NO: rows are missed" in printed
    assert re.search(r"calls, \d+ unsafe", printed)


def personal_values(world: World) -> set[str]:
    """Every text and every large number in any record of the account, but for words of the API and house numbers."""
    found: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)
        elif isinstance(value, str):
            found.add(value)
        elif type(value) is int and value > 99_999:
            found.add(str(value))

    for stream in KEYS:
        for row in world.expected(stream):
            walk(row.record)
    people = world.people
    for person in (*people.buyers, *people.affiliates, *people.partners, people.owner):
        found |= {person.name, person.email, person.phone, person.ucode}
        walk(person.user)
    words = {value for value in found if re.fullmatch(r"[A-Z_]+|[a-z]+", value)}
    return {value for value in found - words if len(value) > (5 if value.isdigit() else 2)}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, None),
        ({"page_cap": 20}, None),
        ({"statuses_on_history": "first", "tickets_by_default": "confirmed"}, None),
        ({}, Fault(kind="error_object", error="ana@example.com", times=None)),
        ({}, Fault(kind=400, error="Ana Maria", body=None, times=None)),
        ({}, Fault(kind="html200", times=None)),
        ({}, Fault(kind="number_for_string", path=SALES_PATH, times=None)),
        ({}, Fault(kind="no_key", path=SALES_PATH, times=None)),
        ({}, Fault(kind="redirect", times=None)),
        ({}, Fault(kind="reset", times=None)),
    ],
)
def test_nothing_personal_and_no_secret_is_printed(
    simulator: Simulator, command_line: CommandLine, changes: dict[str, Any], fault: Fault | None
) -> None:
    simulator.switches = sides(**changes)
    if fault:
        simulator.add_fault(fault)
    _, printed = command_line()

    assert "questions answered" in printed
    tokens = {str(call.headers["authorization"]).split()[-1] for call in simulator.calls if call.headers}
    secrets = {simulator.client_id, simulator.client_secret, simulator.basic, *tokens}
    forms = {form for secret in secrets for form in (secret, quote(secret, safe=""), quote_plus(secret))}
    personal = personal_values(simulator.world) | {"ana@example.com", "Ana Maria", "my-school"}
    assert len(personal) > 5_000
    assert not [value for value in forms | personal if value in printed]


@pytest.mark.parametrize("wrong", [{"client_secret": "wrong"}, {"start_date": "31 February"}, {"token": None}])
def test_settings_that_are_wrong_are_refused_in_a_sentence(
    simulator: Simulator, command_line: CommandLine, wrong: dict[str, Any]
) -> None:
    exit_code, printed = command_line(**wrong)

    assert exit_code == 2
    assert printed.startswith("live: ")
    assert next(iter(wrong)).replace("client_secret", "token") in printed
    assert simulator.client_secret not in printed
    assert not simulator.calls


def test_credentials_that_hotmart_refuses_end_the_run_with_its_sentence(
    simulator: Simulator, command_line: CommandLine
) -> None:
    simulator.add_fault(Fault(kind=401, path=TOKEN_PATH, times=None))
    exit_code, printed = command_line()

    assert exit_code == 2
    assert "Hotmart did not accept the Client ID and Client Secret" in printed
    assert len(simulator.calls) == 1


def test_without_a_file_one_sentence_says_what_to_put_where(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["live"])
    exit_code = live.main()

    assert exit_code == 2
    assert capfd.readouterr().out == (
        "live: secrets/config.json is missing: copy secrets/config.example.json to it and put in your client_id, "
        "client_secret and token from Hotmart, Tools > Developer Credentials, with a start_date and, if there is one, "
        "your members_area_subdomain.\n"
    )


@pytest.mark.parametrize("content", ["{", "[]", "client_id=secret-of-mine"])
def test_a_file_that_is_no_json_object_is_not_quoted(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    config = tmp_path / "config.json"
    config.write_text(content)
    monkeypatch.setattr(sys, "argv", ["live", "--config", str(config)])
    exit_code = live.main()
    printed = capfd.readouterr()

    assert exit_code == 2
    assert "compare it with secrets/config.example.json" in printed.out
    assert "secret-of-mine" not in printed.out + printed.err


def test_no_two_questions_have_the_same_words() -> None:
    questions: list[Question] = [question for _, questions in SECTIONS for question in questions]

    assert len(QUESTIONS) == len(questions)
