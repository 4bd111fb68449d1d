"""The live probe's output for inconclusive responses and for responses that match no expected side."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import pytest

from hotmart_simulator import Call, Fault, Switches, World
from integration_tests.probed import BELIEFS, asked, full_account, logged_in, served
from tools.harness import VirtualClock, small_world
from tools.live_probe.answer import Answer, Form, parse
from tools.live_probe.question import Kind, Otherwise
from tools.live_probe.questions import QUESTIONS

PLANS = "/products/api/v1/products/*/plans"


def tiny(switches: Switches, **sizes: Any) -> World:
    """A minimal account without data except what a test requests."""
    nothing = {
        "sales": 0,
        "subscriptions": 0,
        "students": 0,
        "products": 0,
        "participants": 0,
        "modules": 0,
        "coupons": 0,
    }
    return small_world(**{**nothing, **sizes, "switches": switches})


@pytest.mark.parametrize(
    ("belief_id", "sizes", "reason"),
    [
        ("sales.statuses_on_history", {}, "the account has no sale in this time"),
        ("sales.statuses_on_users", {}, "the account has no sale in this time"),
        ("sales.bounds", {}, "the account has no sale in this time"),
        ("sales.one_row", {"products": 1, "sales": 5}, "sales can be compared"),
        ("sales.order", {}, "there are only 0 sales"),
        ("sales.summary_totals", {}, "the account has no sale in this time"),
        ("pages.payments_maximum", {"products": 1, "sales": 5}, "row"),
        ("pages.products_maximum", {"products": 1}, "there is only 1 row"),
        ("pages.order", {}, "there are only 0 charges"),
        ("subscriptions.default_statuses", {}, "the account has no subscription"),
        ("subscriptions.end_accession", {}, "the account has no subscription"),
        ("subscriptions.charge_date_filter", {}, "there is no charge in the last twelve months"),
        ("subscriptions.summary_delay", {}, "only 0 active subscriptions can be compared"),
        ("products.default_statuses", {}, "every product is active"),
        ("products.no_plans", {}, "every product is a subscription"),
        ("products.drafts", {"products": 1}, "the account has no draft"),
        ("coupons.prefix", {"products": 1}, "none of 1 product has coupons"),
        ("coupons.prefix", {}, "the account has no product"),
        ("events.default_statuses", {"products": 1}, "the account has no event"),
        ("events.info", {"products": 1}, "the account has no event that is not ACTIVE"),
        ("members_area.one_row", {}, "only 0 students can be compared"),
        ("members_area.is_extra", {}, "the members area has no extra modules"),
        ("members_area.pages_v1", {}, "the members area has no module with pages"),
        ("members_area.total_pages", {}, "every module says that it has pages"),
        ("members_area.staff_lessons", {}, "no owner or administrator is on the first page of students"),
    ],
)
def test_an_unanswerable_question_is_reported_with_the_reason(
    belief_id: str, sizes: dict[str, int], reason: str, clock: VirtualClock
) -> None:
    with served(tiny(Switches(), **sizes)) as simulator:
        found, outcome = asked(logged_in(simulator), belief_id)

    assert outcome is None
    assert found.kind is Kind.NOT_TOLD
    assert found.did.startswith("not known: ")
    assert reason in found.did
    assert not found.does


@pytest.mark.parametrize(
    ("belief_id", "fault", "says"),
    [
        ("products.no_plans", Fault(kind=404, path=PLANS, times=None), "Hotmart answers 404 not_found."),
        (
            "products.drafts",
            Fault(kind=422, path="/products/api/v1/coupon/*", times=None),
            "For a draft Hotmart answers 422",
        ),
        (
            "members_area.unknown_subdomain",
            Fault(kind="empty_object", path="/club/api/v1/users", nth=2),
            "For an unknown subdomain Hotmart answers 200, an object.",
        ),
    ],
)
def test_an_unexpected_response_is_described(belief_id: str, fault: Fault, says: str, clock: VirtualClock) -> None:
    with served(full_account(Switches()), fault) as simulator:
        found, outcome = asked(logged_in(simulator), belief_id)

    assert isinstance(outcome, Otherwise)
    assert found.kind is Kind.UNFORESEEN
    assert says in found.did
    assert found.does == "Not foreseen: compare with docs/hotmart.md."


@pytest.mark.parametrize("kind", [403, 503, "reset", "truncated_json"])
@pytest.mark.parametrize("share", range(3))
def test_failed_requests_never_lead_to_a_wrong_result(kind: int | str, share: int, clock: VirtualClock) -> None:
    def is_hit(call: Call) -> bool:
        return crc32(repr((call.path, call.query)).encode()) % 3 == share

    with served(full_account(Switches()), Fault(kind=kind, times=None, where=is_hit)) as simulator:
        account = logged_in(simulator, max_calls=1_000)
        outcomes = {belief_id: asked(account, belief_id)[1] for belief_id in QUESTIONS}

    answered = {belief_id: outcome for belief_id, outcome in outcomes.items() if outcome is not None}
    assert 20 < len(answered) < len(QUESTIONS)
    assert not [
        (belief_id, outcome)
        for belief_id, outcome in answered.items()
        if isinstance(outcome, Otherwise) or outcome.side != BELIEFS[belief_id].default
    ]


@pytest.mark.parametrize(
    ("switches", "belief_id", "says"),
    [
        ({"token_life_s": 3_600}, "login.token_life", "A token lives 3,600 s, 1.0 hours."),
        ({"max_window_days": 9_000}, "sales.longest_range", "A range of 731 days is accepted."),
        ({"max_window_days": 9_000}, "sales.too_long_range", "A range of 1,070 days is accepted whole."),
        ({"max_window_days": 100}, "sales.longest_range", "A range of 300 days is refused."),
        ({"payments_cap": 25}, "pages.payments_maximum", "A page holds 25 of 1,000 that were asked for."),
        ({"default_rows": 7}, "pages.default_size", "A page of sales without max_results holds 7 rows."),
        ({"default_window_days": 60}, "sales.default_range", "Without dates sales of other days are returned"),
        ({"summary_delay_hours": 6}, "subscriptions.summary_delay", "The summary is some hours old"),
    ],
)
def test_unexpected_figures_are_described(
    switches: dict[str, Any], belief_id: str, says: str, clock: VirtualClock
) -> None:
    with served(full_account(Switches(**switches))) as simulator:
        found, outcome = asked(logged_in(simulator), belief_id)

    assert isinstance(outcome, Otherwise), found.did
    assert says in found.did


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b"", Form.EMPTY),
        (b" \n", Form.EMPTY),
        (b"<html>", Form.HTML),
        (b"\xff\xfe", Form.OTHER),
        (b"{", Form.OTHER),
        (b"3", Form.OTHER),
        (b"[" * 100_000, Form.OTHER),
        (b"[]", Form.LIST),
        (b"{}", Form.OBJECT),
        (b'{"error": "x"}', Form.OBJECT),
        (b'{"items": null}', Form.OBJECT),
        (b'{"items": []}', Form.PAGE),
        (b'{"items": {}}', Form.PAGE),
        (b'{"page_info": {}}', Form.PAGE),
    ],
)
def test_the_form_of_a_body_is_recognised(body: bytes, form: Form) -> None:
    assert parse(body)[0] is form


def test_a_page_is_parsed_into_rows_total_and_token() -> None:
    page = {"items": [{"a": {"b": 1}}, {"a": None}, 3], "page_info": {"total_results": 9, "next_page_token": "t"}}
    answer = Answer(200, Form.PAGE, page)

    assert answer.rows == [{"a": {"b": 1}}, {"a": None}]
    assert list(answer.values("a.b")) == [1]
    assert (answer.total, answer.count, answer.token) == (9, 9, "t")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(0, seconds=60.2), "no whole answer in 60 s"),
        (Answer(302, Form.HTML), "302, a redirect"),
        (Answer(200, Form.EMPTY), "200, an empty body"),
        (Answer(200, Form.PAGE, {"items": []}), "200, an empty list"),
        (Answer(200, Form.PAGE, {"items": [{}]}), "200"),
        (Answer(400, Form.OBJECT, {"error": "invalid_parameter"}), "400 invalid_parameter"),
        (Answer(400, Form.OBJECT, {"error": "Ana Maria"}), "400 another code"),
        (Answer(404, Form.OBJECT, {"code": "0006"}), "404 0006"),
        (Answer(404, Form.OBJECT, {"error": {"code": 3}}), "404, an object"),
    ],
)
def test_the_description_of_a_response_contains_no_content(answer: Answer, says: str) -> None:
    assert answer.says == says
