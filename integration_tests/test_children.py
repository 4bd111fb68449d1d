"""Child streams: parents are read once, errors are isolated, states are kept per members area and event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hotmart_simulator import Call, Fault, Simulator, World
from tools.harness import (
    NOW_MS,
    Connector,
    Run,
    VirtualClock,
    Warehouse,
    loaded,
    small_world,
    switches,
    truth,
)
from tools.rows import Difference, difference, key_of
from tools.sample import combinations

pytestmark = pytest.mark.long

DAY_MS = 86_400_000
PRODUCTS = "/products/api/v1/products"
SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
STUDENTS = "/club/api/v1/users"
OFFERS = f"{PRODUCTS}/*/offers"
PURCHASES = f"{SUBSCRIPTIONS}/*/purchases"
LESSONS = f"{STUDENTS}/*/lessons"
PARTICIPANTS = "/events/api/v1/*/participants"
OF_PRODUCTS = ("product_offers", "product_plans", "coupons", "event_participants")
CHILDREN = (*OF_PRODUCTS, "subscription_purchases", "club_pages", "club_lessons")
PARENTS = ("products", "subscriptions", "club_students", "club_modules")

Make = Callable[..., Connector]


@pytest.fixture
def small(clock: VirtualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Return a factory for a connector to a small account. Accepts changes of the simulator's switches, and `world`."""
    started: list[Simulator] = []

    def make(world: World | None = None, **changes: Any) -> Connector:
        simulator = Simulator(world or small_world(), switches(**changes), clock.time, follow_clock=True)
        started.append(simulator.start())
        return Connector(simulator, tmp_path, monkeypatch.setenv)

    yield make
    for simulator in started:
        simulator.stop()
        assert not simulator.mistakes


def keys(run: Run, stream: str) -> set[Any]:
    """Return the keys of a stream. Assert that each occurs once."""
    found = [key_of(stream, record) for record in run.records(stream)]
    assert len(found) == len(set(found)), "a key came twice"
    return set(found)


def differs(connector: Connector, stream: str, *runs: Run, **options: Any) -> Difference:
    """Return how the newest rows of these runs differ from Hotmart's. Assert that no key is repeated within a run."""
    for run in runs:
        keys(run, stream)
    return difference(
        stream, connector.simulator.world.expected(stream), loaded(*runs).rows[stream].values(), **options
    )


def paths(connector: Connector, pattern: str) -> list[str]:
    """Return the paths of the requests to one endpoint, in order."""
    return [call.path for call in connector.simulator.calls if fnmatchcase(call.path, pattern)]


def students_asked(connector: Connector) -> set[tuple[str | None, str]]:
    """Return the students whose lessons were requested, by members area and ID."""
    return {
        (call.get("subdomain"), call.path.split("/")[-2])
        for call in connector.simulator.calls
        if "/lessons" in call.path
    }


def pages_of(connector: Connector, path: str) -> int:
    """Return how many pages of a parent's list were read. A list without totals is read in at most two passes."""
    calls = [call for call in connector.simulator.calls if call.path == path and call.get("max_results") != "1"]
    pages = Counter((call.get("subdomain"), call.get("page_token")) for call in calls if not call.get("status"))
    assert max(pages.values()) <= 2
    return len(pages)


# Parents


@pytest.mark.parametrize(("workers", "selected"), combinations([1, 2, 16], [(), PARENTS]))
def test_each_page_of_a_parent_is_read_once_for_all_children(
    small: Make, workers: int, selected: tuple[str, ...]
) -> None:
    """By default three of six combinations."""
    connector = small(page_cap=5)
    connector.config["num_workers"] = workers

    run = connector.read([*CHILDREN, *selected])

    assert run.exit_code == 0, run.sentences
    for stream in (*CHILDREN, *selected):
        assert not differs(connector, stream, run)
    assert pages_of(connector, PRODUCTS) == 3  # of 12 products
    assert pages_of(connector, SUBSCRIPTIONS) == 4  # of 20
    assert pages_of(connector, STUDENTS) == 7  # of 21 and 9
    assert len(paths(connector, "/club/api/v1/modules")) == 4  # two halves of each members area


def test_an_unselected_parent_emits_no_records(small: Make) -> None:
    run = small().read(["product_offers", "club_lessons"])

    assert {message["record"]["stream"] for message in run.of_type("RECORD")} == {"product_offers", "club_lessons"}
    assert set(run.statuses) == {"product_offers", "club_lessons"}


@pytest.mark.parametrize("selected", [(), ("products",)], ids=["children only", "parents as well"])
def test_children_of_an_unreadable_parent_fail(small: Make, selected: tuple[str, ...]) -> None:
    connector = small()
    connector.simulator.add_fault(Fault(kind=500, path=PRODUCTS, times=None))

    run = connector.read([*OF_PRODUCTS, "subscription_purchases", *selected])

    assert run.exit_code != 0
    for stream in OF_PRODUCTS:
        each = "event" if stream == "event_participants" else "product"
        told = f"{stream}: The list of {each}s could not be read, so their rows cannot be requested. products: Hotmart"
        assert told in run.sentences
        assert run.statuses[stream] == "INCOMPLETE"
    assert run.statuses["subscription_purchases"] == "COMPLETE"
    assert not differs(connector, "subscription_purchases", run)
    assert pages_of_failed(connector) == 7, "each child tried for itself"


def pages_of_failed(connector: Connector) -> int:
    return len(paths(connector, PRODUCTS))


def test_a_parent_with_a_rejected_state_fails_only_its_children(small: Make, clock: VirtualClock) -> None:
    connector = small()
    streams = ["subscriptions", "subscription_purchases", "club_lessons"]
    state = connector.read(streams).state
    clock.advance(days=1)

    run = connector.read(streams, state={**state, "subscriptions": {"x": 1}})

    assert run.statuses == {
        "subscriptions": "INCOMPLETE",
        "subscription_purchases": "INCOMPLETE",
        "club_lessons": "COMPLETE",
    }
    assert run.state["subscription_purchases"] == state["subscription_purchases"]
    assert "subscriptions" not in run.state
    assert "subscription_purchases: The list of subscribers could not be read" in run.sentences


def test_the_number_of_requests_is_logged_in_advance(small: Make) -> None:
    run = small().read(["club_lessons", "subscription_purchases"])

    assert "INFO subscription_purchases: 20 subscribers to read, about 20 requests" in run.logs
    assert "INFO club_lessons: members area my-school: 21 students to read, about 21 requests" in run.logs


# Errors of one parent


def without_products(connector: Connector, run: Run, ucodes: set[str]) -> Difference:
    """Return how the received offers differ from those of all products except these."""
    offers = connector.simulator.world.expected("product_offers")
    wanted = [row for row in offers if row.identity[2] not in ucodes]
    assert len(wanted) < len(offers)
    return difference("product_offers", wanted, run.records("product_offers"))


@pytest.mark.parametrize("status", [400, 403, 404])
def test_one_rejected_parent_is_logged_and_the_others_are_read(small: Make, status: int) -> None:
    connector = small()
    ucode = next(iter(connector.simulator.world.products.own)).ucode
    connector.simulator.add_fault(Fault(kind=status, path=OFFERS.replace("*", ucode), times=None))

    run = connector.read(["product_offers"])

    assert run.exit_code == 0
    assert run.statuses == {"product_offers": "COMPLETE"}
    assert not without_products(connector, run, {ucode})
    told = f"WARN product_offers: Hotmart rejected 1 of 12 products, so their rows are missing: {ucode}. The first "
    assert told in run.logs
    assert f"{status}" in run.logs.partition(told)[2]


def test_many_rejected_parents_fail_the_stream_and_keep_other_rows(small: Make) -> None:
    connector = small()
    refused = [each.ucode for each in connector.simulator.world.products.own if each.raw["status"] != "DRAFT"][:4]
    for ucode in refused:
        connector.simulator.add_fault(Fault(kind=403, path=OFFERS.replace("*", ucode), times=None))

    run = connector.read(["product_offers", "coupons"])

    assert "product_offers: Hotmart rejected 4 of 12 products: " in run.sentences
    assert all(ucode in run.sentences for ucode in refused)
    assert run.statuses == {"product_offers": "INCOMPLETE", "coupons": "COMPLETE"}
    assert not without_products(connector, run, set(refused))
    assert not differs(connector, "coupons", run)


def test_products_without_plans_do_not_fail_the_stream(small: Make) -> None:
    connector = small()
    world = connector.simulator.world
    for product in world.products.own:
        product.raw["is_subscription"] = True

    run = connector.read(["product_plans"])

    assert run.exit_code == 0
    assert not differs(connector, "product_plans", run)
    without = [product.ucode for product in world.products.own if not product.plans]
    assert f"INFO product_plans: Hotmart has no rows for {len(without)} products: " in run.logs
    asked = Counter(path.split("/")[-2] for path in paths(connector, f"{PRODUCTS}/*/plans"))
    assert {ucode for ucode in asked if asked[ucode] == 2} == set(without), "this 400 may pass"


def test_a_temporary_400_loses_no_plans(small: Make) -> None:
    connector = small()
    for product in connector.simulator.world.products.own:
        if product.plans:
            path = f"{PRODUCTS}/{product.ucode}/plans"
            connector.simulator.add_fault(Fault(kind=400, path=path, error="invalid_parameter", times=1))

    run = connector.read(["product_plans"])

    assert run.exit_code == 0
    assert not differs(connector, "product_plans", run)


def test_no_plans_for_any_subscription_product_fails_the_stream(small: Make) -> None:
    connector = small()
    connector.simulator.add_fault(Fault(kind=400, path=f"{PRODUCTS}/*/plans", error="invalid_parameter", times=None))

    run = connector.read(["product_plans"])

    assert run.statuses == {"product_plans": "INCOMPLETE"}
    assert "product_plans: Hotmart rejected 3 of 12 products: " in run.sentences


def test_plans_of_all_products_are_requested(small: Make) -> None:
    connector = small(plans_of="instalments_too")

    run = connector.read(["product_plans"])

    assert run.exit_code == 0
    assert not differs(connector, "product_plans", run)
    asked = {path.split("/")[-2] for path in paths(connector, f"{PRODUCTS}/*/plans")}
    assert asked == {product.ucode for product in connector.simulator.world.products.own}


def test_an_unknown_subscriber_is_requested_once_and_fails_no_stream(small: Make) -> None:
    connector = small()
    code = next(iter(truth(connector.simulator.world, "subscriptions")))
    connector.simulator.add_fault(Fault(kind=404, path=PURCHASES.replace("*", code), error="not_found", times=None))

    run = connector.read(["subscription_purchases"])

    assert run.exit_code == 0
    found = differs(connector, "subscription_purchases", run)
    assert {key[0] for key in found.lost} == {code}
    assert not found.stale + found.surplus
    assert f"INFO subscription_purchases: Hotmart has no rows for 1 subscribers: {code}." in run.logs
    assert len(paths(connector, PURCHASES.replace("*", code))) == 1


def test_a_404_for_every_subscriber_fails_the_stream(small: Make, clock: VirtualClock) -> None:
    connector = small()
    connector.simulator.add_fault(Fault(kind=404, path=PURCHASES, times=None))
    first = connector.read(["subscription_purchases"])
    connector.simulator.clear_faults()
    clock.advance(hours=1)

    second = connector.read(["subscription_purchases"], state=first.state)

    assert first.statuses == {"subscription_purchases": "INCOMPLETE"}
    assert "subscription_purchases: Hotmart rejected 20 of 20 subscribers: " in first.sentences
    assert (
        "The first rejection: subscription_purchases: Hotmart answered with an unexpected status (404 not_found)"
        in first.sentences
    )
    assert "Hotmart has no rows for" not in first.logs
    codes = {row.record["subscriber_code"] for row in connector.simulator.world.expected("subscriptions")}
    for message in first.of_type("STATE"):  # after a kill, any of them can be the last one
        assert set(message["state"]["stream"]["stream_state"]["open"]) == codes
    assert second.exit_code == 0
    assert not differs(connector, "subscription_purchases", second)


def test_a_rejection_of_all_parents_keeps_the_covered_range(small: Make, clock: VirtualClock) -> None:
    connector = small(small_world(subscriptions=60))
    first = connector.read(["subscription_purchases"])
    clock.advance(days=30)
    new = set(connector.simulator.world.add_subscriptions(4, NOW_MS + 10 * DAY_MS))
    connector.simulator.add_fault(Fault(kind=404, path=PURCHASES, times=None))
    second = connector.read(["subscription_purchases"], state=first.state)
    connector.simulator.clear_faults()
    connector.simulator.reset_log()
    clock.advance(days=90)

    third = connector.read(["subscription_purchases"], state=second.state)

    assert second.statuses == {"subscription_purchases": "INCOMPLETE"}
    assert new <= {key[0] for key in keys(third, "subscription_purchases")}
    assert not differs(connector, "subscription_purchases", first, third, after_increments=True)
    assert len(paths(connector, PURCHASES)) < 64, "what had been read before is not read again"


def test_a_404_for_two_subscribers_means_no_rows(small: Make) -> None:
    connector = small(small_world(subscriptions=2))
    connector.simulator.add_fault(Fault(kind=404, path=PURCHASES, times=None))

    run = connector.read(["subscription_purchases"])

    assert run.exit_code == 0
    assert "INFO subscription_purchases: Hotmart has no rows for 2 subscribers: " in run.logs
    assert run.state["subscription_purchases"]["until"] == "2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize("code", ["invalid_value_headers", "invalid_token", ""])
def test_only_the_known_error_code_means_no_plans(small: Make, code: str) -> None:
    connector = small()
    order: dict[str, Any] = (
        {"error": code} if code else {"body": "<html>Bad request</html>", "content_type": "text/html"}
    )
    connector.simulator.add_fault(Fault(kind=400, path=f"{PRODUCTS}/*/plans", times=None, **order))
    for product in connector.simulator.world.products.own:
        product.raw["is_subscription"] = True

    run = connector.read(["product_plans"])

    assert "product_plans: Hotmart rejected 12 of 12 products: " in run.sentences
    assert f"400 {code or 'without a code'}" in run.sentences
    assert run.statuses == {"product_plans": "INCOMPLETE"}


def test_a_rejected_later_page_does_not_mean_no_plans(small: Make) -> None:
    connector = small(page_cap=1)
    later = Fault(
        kind=400, path=f"{PRODUCTS}/*/plans", times=None, where=lambda call: call.get("page_token") is not None
    )
    connector.simulator.add_fault(later)

    run = connector.read(["product_plans"])

    assert "product_plans: Hotmart rejected 3 of 12 products" in run.logs


@pytest.mark.parametrize(
    ("stream", "pattern"), [("club_lessons", LESSONS), ("subscription_purchases", PURCHASES)], ids=str
)
def test_a_failed_parent_stays_in_the_state_and_is_read_next_sync(
    small: Make, clock: VirtualClock, stream: str, pattern: str
) -> None:
    connector = small()
    column = 1 if stream == "club_lessons" else 0
    victim = str(min(truth(connector.simulator.world, stream))[column])
    fault = connector.simulator.add_fault(Fault(kind=500, path=pattern.replace("*", victim), times=None))

    first = connector.read([stream])
    fault.times = 0
    connector.simulator.reset_log()
    clock.advance(hours=1)
    second = connector.read([stream], state=first.state)

    assert first.statuses == {stream: "INCOMPLETE"}
    assert f"{stream}: " in first.sentences
    assert "could not be read: " in first.sentences
    assert victim in first.sentences
    assert "Hotmart had an internal error (500)" in first.sentences
    found = differs(connector, stream, first)
    assert {key[column] for key in found.lost} == {victim}
    assert not found.stale + found.surplus
    assert second.exit_code == 0
    assert not differs(connector, stream, first, second)
    assert set(found.lost) <= keys(second, stream)


def test_an_endpoint_failing_for_all_parents_is_abandoned(small: Make) -> None:
    connector = small(small_world(students=400))
    connector.config["num_workers"] = 1
    connector.simulator.add_fault(Fault(kind=500, path=LESSONS, times=None))

    run = connector.read(["club_lessons"])

    assert "club_lessons: 20 students in a row could not be read, so the rest were not tried." in run.sentences
    assert len(set(paths(connector, LESSONS))) == 20
    assert [error["failure_type"] for error in run.errors][:1] == ["transient_error"]


def test_a_product_without_its_ucode_is_reported(small: Make) -> None:
    connector = small()
    connector.simulator.add_fault(Fault(kind="bad_date", path=PRODUCTS, field_name="ucode", value=None))

    run = connector.read(["product_offers"])

    first = connector.simulator.world.expected("products")[0].record["id"]
    assert f"product_offers: 1 of 12 products could not be read: {first}" in run.sentences
    assert "Hotmart sent a product without its product_ucode" in run.sentences
    assert len(run.records("product_offers")) > 20


# Members areas


@pytest.mark.parametrize("stream", ["club_modules", "club_pages", "club_lessons"])
@pytest.mark.parametrize("form", ["404", "redirect"])
def test_a_wrong_members_area_is_named_and_the_other_is_read(small: Make, stream: str, form: str) -> None:
    connector = small(unknown_subdomain=form)
    connector.config["members_area_subdomain"] = "wrong-one, my-school"

    run = connector.read([stream])

    assert run.exit_code != 0
    assert "Hotmart knows no members area 'wrong-one'" in run.sentences
    assert run.sentences.startswith(f"{stream}: ")
    assert run.statuses == {stream: "INCOMPLETE"}
    assert {record["subdomain"] for record in run.records(stream)} == {"my-school"}
    if stream == "club_lessons":
        assert [item["subdomain"] for item in run.state[stream]["scopes"]] == ["my-school"]


def test_a_members_area_added_later_is_fully_read(small: Make, clock: VirtualClock) -> None:
    connector = small()
    connector.config["members_area_subdomain"] = "my-school"
    first = connector.read(["club_lessons"])
    clock.advance(days=400)
    connector.config["members_area_subdomain"] = "my-school, second-school"

    second = connector.read(["club_lessons"], state=first.state)

    assert not differs(connector, "club_lessons", first, second)
    assert {record["subdomain"] for record in second.records("club_lessons")} == {"second-school"}


@pytest.mark.parametrize("form", ["refused", "gone", "some_empty"])
@pytest.mark.parametrize("wrong", ["empty", "404", "400"])
def test_pages_missing_in_version_1_are_found_by_product(small: Make, form: str, wrong: str) -> None:
    connector = small(pages_v1=form, pages_of_wrong_product=wrong)
    world = connector.simulator.world

    run = connector.read(["club_pages"])

    assert run.exit_code == 0, run.sentences
    told_by_club = [
        row
        for row in world.expected("club_pages", version=1)
        if form == "some_empty" and world.members_areas.home[str(row.identity[2])][1].sequence % 2
    ]
    modules_of_club = {row.identity[2] for row in told_by_club}
    told_by_product = [row for row in world.expected("club_pages", version=2) if row.identity[2] not in modules_of_club]
    assert not difference("club_pages", [*told_by_club, *told_by_product], run.records("club_pages"))
    found_by = {record["module_id"]: record.get("product_id") for record in run.records("club_pages")}
    for module_id, product_id in found_by.items():
        _, module = world.members_areas.home[module_id]
        asked = {str(product.id) for product in world.products.own if product.number in module.product_numbers}
        assert product_id in asked or (form == "some_empty" and module.sequence % 2)
    modules = len(found_by)
    products = len(paths(connector, "/club/api/v2/modules/*"))
    # Products that have already answered are tried first, so each of a members area's two courses needs about one
    # search.
    assert products <= modules + 4 * 12


def test_version_1_needs_one_request_per_module(small: Make) -> None:
    connector = small()

    connector.read(["club_pages"])

    assert len(paths(connector, "/club/api/v1/modules/*/pages")) == 16
    assert not paths(connector, "/club/api/v2/*")
    assert not paths(connector, PRODUCTS)


def test_at_most_twenty_products_are_tried_for_the_pages_of_a_module(small: Make) -> None:
    world = small_world(products=40)
    connector = small(world, pages_v1="some_empty")
    hidden = [product for product in world.products.own if product.raw["format"] == "ONLINE_COURSE"]
    connector.simulator.add_fault(
        Fault(
            kind="empty200",
            path="/club/api/v2/*",
            times=None,
            where=lambda call: call.get("product_id") in {str(product.id) for product in hidden},
        )
    )
    connector.config["members_area_subdomain"] = "my-school"

    run = connector.read(["club_pages"])

    tried = {call.get("product_id") for call in connector.simulator.calls if "/v2/" in call.path}
    assert len(tried) == 20
    assert "club_pages: Hotmart rejected 4 of 8 modules: " in run.sentences
    assert "Tried its members area and the account's first 20 products." in run.sentences
    unknown = [m.id for m in world.members_areas.area("my-school").modules if m.sequence % 2 == 0 and m.pages]
    assert all(f"{module_id}/my-school" in run.sentences for module_id in unknown)


def test_an_empty_members_area_can_return_an_object(small: Make) -> None:
    connector = small(small_world(students=0), empty_club_items="object")

    run = connector.read(["club_students", "club_lessons"])

    assert run.exit_code == 0, run.sentences
    assert not run.of_type("RECORD")


@pytest.mark.parametrize("form", ["list", "empty"])
def test_a_product_without_coupons_does_not_fail_the_stream(small: Make, form: str) -> None:
    connector = small(no_coupons=form)

    run = connector.read(["coupons"])

    assert run.exit_code == 0
    assert not differs(connector, "coupons", run)


# Permissions


@pytest.mark.parametrize(("family", "status"), combinations(["products", "club", "events"], [401, 403]))
def test_a_forbidden_api_family_fails_only_its_own_streams(small: Make, status: int, family: str) -> None:
    """By default each family with one of two statuses."""
    connector = small(refused_families=(family,), refused_with=status)
    first = {"products": "product", "club": "club", "events": "event"}[family]
    needed = {"products": ("product", "coupons", "event"), "club": ("club",), "events": ("event",)}[family]

    run = connector.read()

    refused = {stream for stream in run.statuses if stream.startswith(needed)}
    assert {stream for stream, status in run.statuses.items() if status == "INCOMPLETE"} == refused
    assert len([line for line in run.sentences.splitlines() if line.startswith(first)]) >= 1
    assert str(status) in run.sentences
    for stream in set(run.statuses) - refused:
        # Other streams are read in between, so a subscription may be a day older.
        assert not differs(connector, stream, run, after_increments=stream == "subscription_summary")
    # A 401 may be caused by the token, so one request of each thread is repeated with a new token.
    calls = len(paths(connector, LESSONS if family == "club" else PARTICIPANTS))
    assert calls <= (2 if status == 403 else 40)


# States


def test_a_second_sync_requests_only_recent_or_changed_parents(small: Make, clock: VirtualClock) -> None:
    connector = small(small_world(subscriptions=60, participants=200))
    connector.config["lookback_days"] = 2
    world = connector.simulator.world
    streams = ["subscription_purchases", "club_lessons", "event_participants"]
    warehouse = Warehouse()
    first = connector.read(streams)
    warehouse.load(first.messages)
    clock.advance(days=10)
    moved_ms = NOW_MS + 5 * DAY_MS
    cancelled = set(world.cancel_subscriptions(3, moved_ms))
    new = set(world.add_subscriptions(2, moved_ms))
    studied = set(world.student_moves.study(4, moved_ms))
    checked_in = {str(key) for key in world.ticket_moves.check_in(5, moved_ms)}
    connector.simulator.reset_log()

    second = connector.read(streams, state=first.state)
    warehouse.load(second.messages)

    assert second.exit_code == 0, second.sentences
    for stream in streams:
        assert not difference(stream, world.expected(stream), warehouse.rows[stream].values(), after_increments=True)
    held = truth(world, "subscriptions")
    still_moving = {code for code, row in held.items() if row["status"] in ("DELAYED", "OVERDUE", "STARTED")}
    since_ms = NOW_MS - 2 * DAY_MS
    recent = {
        code
        for code, row in held.items()
        if max(row["accession_date"], row["request_date"], row.get("end_accession_date", 0)) > since_ms
        or row.get("date_next_charge", 0) - row["plan"]["recurrency_period"] * DAY_MS > since_ms
        or (row["status"] == "ACTIVE" and row.get("date_next_charge", NOW_MS * 2) < clock.now_ms)
        or code in first.state["subscription_purchases"]["open"]
    }
    asked = {path.split("/")[-2] for path in paths(connector, PURCHASES)}
    students = students_asked(connector)
    second_students = connector.read(["club_students"]).records("club_students")
    assert cancelled | new | still_moving <= asked
    updated = {
        row.record["subscriber_code"]
        for row in world.expected("subscription_transactions")
        if row.record["last_update"] > NOW_MS - 4 * DAY_MS
    }
    without_next = {code for code, row in held.items() if not row.get("date_next_charge")}
    assert still_moving | recent <= asked <= still_moving | recent | updated | without_next
    dates = ("last_access_date", "purchase_date", "first_access_date")
    active = {
        (row["subdomain"], row["user_id"])
        for row in second_students
        if any(row.get(name, "") > "2025-12-25T00:00:00.000Z" for name in dates)
    }
    assert studied <= students
    assert students == active
    assert checked_in <= keys(second, "event_participants")
    assert {record["current_update"] > "2025-12-30" for record in second.records("event_participants")} == {True}
    asked_for = {call.get("last_update") for call in connector.simulator.calls if "/participants" in call.path}
    assert asked_for == {str(NOW_MS - 2 * DAY_MS), None}


def test_students_listed_late_are_read_regardless_of_their_dates(small: Make, clock: VirtualClock) -> None:
    """New students are found without dates: FREE, IMPORTED and GUEST students have none."""
    world = small_world(students=300)
    connector = small(world)
    first = connector.read(["club_lessons"])
    joined = set(world.student_moves.join(10, (world.start_ms, NOW_MS)))
    clock.advance(days=10)
    connector.simulator.reset_log()

    second = connector.read(["club_students", "club_lessons"], state=first.state)
    asked = students_asked(connector)
    connector.simulator.reset_log()
    third = connector.read(["club_lessons"], state=second.state)

    listed = {key_of("club_students", row): row for row in second.records("club_students")}
    undated = {key for key, row in listed.items() if not row.get("last_access_date") and not row.get("purchase_date")}
    assert joined <= asked
    assert min(listed[key]["purchase_date"] for key in joined) < "2023"
    assert undated - asked, "a first visit gives them a date"
    assert not students_asked(connector) & (undated | joined)
    assert not differs(connector, "club_lessons", first, second, third)


def test_a_failed_student_without_changes_is_read_again(small: Make, clock: VirtualClock) -> None:
    world = small_world(students=300)
    connector = small(world)
    first = connector.read(["club_lessons"])
    ((subdomain, victim),) = world.student_moves.join(1, world.start_ms)
    clock.advance(days=1)
    fault = connector.simulator.add_fault(Fault(kind=500, path=LESSONS.replace("*", victim), times=None))
    second = connector.read(["club_lessons"], state=first.state)
    clock.advance(days=100)
    fault.times = 0

    third = connector.read(["club_lessons"], state=second.state)

    assert second.statuses == {"club_lessons": "INCOMPLETE"}
    (scope,) = [each for each in second.state["club_lessons"]["scopes"] if each["subdomain"] == subdomain]
    assert scope["open"] == [victim]
    assert third.exit_code == 0
    assert not differs(connector, "club_lessons", first, second, third)


@pytest.mark.parametrize("selected", [(), PARENTS], ids=["children only", "parents as well"])
def test_a_parent_missing_in_an_incomplete_list_is_read_next_sync(
    small: Make, clock: VirtualClock, selected: tuple[str, ...]
) -> None:
    """Hotmart counts one more student and subscriber than it lists. Both are listed in the next sync."""
    world = small_world()
    connector = small(world, page_cap=5)
    streams = [*selected, "subscription_purchases", "club_lessons"]
    first = connector.read(streams)
    world.student_moves.study(30, NOW_MS + 80 * DAY_MS)
    for path, club in ((SUBSCRIPTIONS, None), (STUDENTS, "my-school")):
        there = partial(_asks_for_club, club)
        connector.simulator.add_fault(Fault(kind="wrong_total", path=path, times=None, where=there))
    clock.advance(days=90)

    second = connector.read(streams, state=first.state)

    connector.simulator.clear_faults()
    connector.simulator.reset_log()
    (unlisted,) = world.student_moves.join(1, NOW_MS + 10 * DAY_MS)
    world.setting.record("student.studied", 30, NOW_MS + 80 * DAY_MS)
    new = set(world.add_subscriptions(1, NOW_MS + 10 * DAY_MS))
    clock.advance(days=90)
    third = connector.read(streams, state=second.state)

    assert second.exit_code == 0
    assert "Rows may be missing: " in second.logs
    seen = {key[:2] for key in keys(second, "club_lessons")}
    assert len(seen) == 30, "what is listed is read all the same"
    assert third.exit_code == 0
    assert unlisted in {key[:2] for key in keys(third, "club_lessons")}
    assert new <= {key[0] for key in keys(third, "subscription_purchases")}
    assert not differs(connector, "club_lessons", first, second, third)
    assert not differs(connector, "subscription_purchases", first, second, third, after_increments=True)


def _asks_for_club(club: str | None, call: Call) -> bool:
    return call.get("subdomain") == club


def test_a_new_event_is_fully_read(small: Make, clock: VirtualClock) -> None:
    world = small_world(products=24)
    connector = small(world)
    first = connector.read(["event_participants"])
    (scope,) = first.state["event_participants"]["scopes"]
    assert len(scope["event_id"]) == len(world.tickets.events) > 1
    clock.advance(days=30)
    new = scope["event_id"].pop(0)

    second = connector.read(["event_participants"], state=first.state)

    whole = {
        str(row["eticket"]["id"])
        for row in truth(world, "event_participants").values()
        if str(row["product"]["id"]) == new
    }
    assert whole
    assert whole <= keys(second, "event_participants")
    assert not differs(connector, "event_participants", first, second)
    assert {str(row["event_id"]) for row in second.records("event_participants")} >= {new}


def test_the_event_is_requested_once_and_added_to_every_row(small: Make) -> None:
    connector = small(page_cap=20)

    run = connector.read(["event_participants"])

    records = run.records("event_participants")
    assert all(record["event"]["product"]["id"] == record["event_id"] for record in records)
    assert all(record["event"]["start_event_date"].endswith("Z") for record in records)
    assert len(paths(connector, "/events/api/v1/*/info")) == len({record["event_id"] for record in records})


def test_an_earlier_start_date_reads_purchases_of_older_subscriptions(small: Make, clock: VirtualClock) -> None:
    connector = small()
    connector.simulator.world.cancel_subscriptions(5, NOW_MS - 700 * DAY_MS)
    connector.config["start_date"] = "2024-06-01"
    first = connector.read(["subscription_purchases"])
    clock.advance(days=200)
    connector.config["start_date"] = "2022-01-01"

    second = connector.read(["subscription_purchases"], state=first.state)

    assert differs(connector, "subscription_purchases", first).lost
    assert not differs(connector, "subscription_purchases", first, second)


@pytest.mark.parametrize("answered", [10, 60, 150])
def test_an_interrupted_sync_resumes_where_it_stopped(small: Make, clock: VirtualClock, answered: int) -> None:
    """As after a kill: rows covered by the last state are not requested again, and nothing is missing."""
    connector = small(small_world(students=200))
    connector.config["num_workers"] = 2
    connector.simulator.add_fault(Fault(kind=500, path=LESSONS, nth=answered + 1, times=None))
    first = connector.read(["club_lessons"])
    connector.simulator.clear_faults()
    connector.simulator.reset_log()

    second = connector.read(["club_lessons"], state=first.state)

    assert second.exit_code == 0
    assert not differs(connector, "club_lessons", first, second)
    asked = len(paths(connector, LESSONS))
    open_at_most = 25 * 2 + 20
    assert 200 - answered <= asked <= 200 - answered + open_at_most


@pytest.mark.parametrize("stream", ["subscription_purchases", "club_lessons", "event_participants"])
@pytest.mark.parametrize("state", [{"x": 1}, {"states": "none"}, {"states": [{"partition": 1, "cursor": {}}]}], ids=str)
def test_an_invalid_state_fails_the_stream_and_is_not_overwritten(
    small: Make, stream: str, state: dict[str, Any]
) -> None:
    run = small().read([stream, "products"], state={stream: state})

    assert f"{stream}: The saved state cannot be used" in run.sentences
    assert run.statuses == {stream: "INCOMPLETE", "products": "COMPLETE"}
    assert stream not in run.state


def test_a_plain_state_applies_to_every_members_area(small: Make, clock: VirtualClock) -> None:
    run = small().read(["club_lessons"], state={"club_lessons": {"synced_until": "2025-12-31T00:00:00.000Z"}})

    assert run.exit_code == 0
    assert [item["subdomain"] for item in run.state["club_lessons"]["scopes"]] == ["my-school", "second-school"]
    assert {record["synced_until"] for record in run.records("club_lessons")} == {"2026-01-01T00:00:00.000Z"}
