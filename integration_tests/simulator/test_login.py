"""The simulator's tokens: request, use and expiry (hotmart-api.md 1)."""

import pytest

from hotmart_simulator import Simulator, Switches
from hotmart_simulator.client import Client
from integration_tests.simulator.conftest import Clock

NOW_MS = 1_768_478_400_000  # 2026-01-15T12:00:00Z
HISTORY = "/payments/api/v1/sales/history"
SUBSCRIPTIONS = "/payments/api/v1/subscriptions"
PRODUCTS = "/products/api/v1/products"
ME = "/user/api/v1/me"


def test_the_percent_encoded_token_works_only_as_issued(simulator: Simulator, client: Client) -> None:
    granted = client.ask_token().json()
    token = granted["access_token"]

    assert set(granted) == {"access_token", "token_type", "expires_in", "scope", "jti"}
    assert (granted["token_type"], granted["expires_in"], granted["scope"]) == (
        "bearer",
        172_799,
        "read write",
    )
    assert len(token) > 500
    assert all(part in token for part in ("%2B", "%2F", "%3D"))
    assert client.get(ME).status_code == 200
    client.session.headers["Authorization"] = f"Bearer {token.replace('%2B', '+').replace('%2F', '/')}"
    assert (client.get(ME).status_code, client.get(ME).json()["error"]) == (401, "invalid_token")


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"basic": "Basic d3Jvbmc="}, 401, "invalid_client"),
        ({"basic": None}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "read"}, 400, "invalid_request"),
        ({"client_id": None, "client_secret": None}, 200, None),
    ],
)
def test_the_token_endpoint_rejects_wrong_credentials(
    client: Client, changes: dict[str, str | None], status: int, error: str | None
) -> None:
    answer = client.ask_token(**changes)

    assert (answer.status_code, answer.json().get("error")) == (status, error)


def test_the_token_endpoint_accepts_a_form_body_and_only_post(simulator: Simulator, client: Client) -> None:
    url = f"{simulator.url}/security/oauth/token"
    headers = {"Authorization": f"Basic {simulator.basic}"}
    form = {"grant_type": "client_credentials"}

    assert client.session.post(url, data=form, headers=headers).status_code == 200
    assert client.session.get(url, params=form, headers=headers).status_code == 405


@pytest.mark.parametrize(
    ("authorization", "error"),
    [
        (None, "unauthorized"),
        ("Bearer wrong", "invalid_token"),
        ("Basic {token}", "invalid_token"),
        ("{token}", "invalid_token"),
        ("bearer {token}", "invalid_token"),
        ("Bearer  {token}", "invalid_token"),
    ],
)
def test_a_data_request_needs_the_exact_bearer_token(client: Client, authorization: str | None, error: str) -> None:
    token = client.log_in()
    del client.session.headers["Authorization"]
    if authorization is not None:
        client.session.headers["Authorization"] = authorization.format(token=token)

    answer = client.get(HISTORY)

    assert (answer.status_code, answer.json()["error"]) == (401, error)
    assert set(answer.json()) == {"error", "error_description", "error_uri"}


def test_an_expired_token_is_rejected_and_a_new_one_works(simulator: Simulator, client: Client, clock: Clock) -> None:
    simulator.switches = Switches(token_life_s=100)
    assert client.ask_token().json()["expires_in"] == 100
    client.log_in()

    clock.now_s += 99
    assert client.get(ME).status_code == 200
    clock.now_s += 1
    assert (client.get(ME).status_code, client.get(ME).json()["error"]) == (401, "token_expired")
    client.log_in()
    assert client.get(ME).status_code == 200


def test_all_tokens_can_be_revoked(simulator: Simulator, client: Client) -> None:
    simulator.login.end_tokens()

    assert client.get(ME).json()["error"] == "token_expired"


def test_a_new_token_keeps_or_revokes_older_ones(simulator: Simulator, client: Client) -> None:
    client.ask_token()
    assert client.get(ME).status_code == 200
    simulator.switches = Switches(tokens="latest_only")
    assert client.get(ME).status_code == 200
    assert client.ask_token(client_secret="wrong").status_code == 401
    assert client.get(ME).status_code == 200
    client.ask_token()
    ended = client.get(ME)
    assert (ended.status_code, ended.json()["error"]) == (401, "invalid_token")

    client.log_in()
    assert client.get(ME).status_code == 200
    with Client(simulator) as other:
        assert (client.get(ME).status_code, other.get(ME).status_code) == (401, 200)


def test_a_credential_of_the_other_environment_is_rejected(simulator: Simulator, client: Client) -> None:
    simulator.switches = Switches(sandbox=True)

    assert client.ask_token().status_code == 200
    assert (client.get(ME).status_code, client.get(ME).json()["error"]) == (401, "unauthorized_client")


def test_a_credential_without_permission_is_rejected_for_payments_only(simulator: Simulator, client: Client) -> None:
    simulator.switches = Switches(permission="none")

    assert (client.get(HISTORY).status_code, client.get(HISTORY).json()["error"]) == (
        403,
        "unauthorized_client",
    )
    assert client.get(SUBSCRIPTIONS).status_code == 403
    assert client.get(PRODUCTS).status_code == 200
