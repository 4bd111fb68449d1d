"""A plain client that logs in and follows page tokens, for tests of the simulator and for exploring."""

from collections.abc import Iterator
from typing import Any

import requests

from hotmart_simulator.server.login import TOKEN_PATH
from hotmart_simulator.server.simulator import Simulator


class Client:
    """One session with one access token. It never retries and never follows redirects."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.session = requests.Session()
        self.session.trust_env = False  # ignore the proxy settings of this machine
        self.log_in()

    def ask_token(self, **changes: str | None) -> requests.Response:
        """Return the response to the documented token call. A change of None leaves a parameter out.

        `basic` is the value of the header `Authorization`.
        """
        simulator = self.simulator
        asked: dict[str, str | None] = {
            "grant_type": "client_credentials",
            "client_id": simulator.client_id,
            "client_secret": simulator.client_secret,
            "basic": f"Basic {simulator.basic}",
        }
        asked.update(changes)
        basic = asked.pop("basic")
        url, kept = f"{simulator.url}{TOKEN_PATH}", {k: v for k, v in asked.items() if v is not None}
        return self.session.post(url, params=kept, headers={"Authorization": basic}, timeout=10)

    def log_in(self) -> str:
        """Get a new token, use it from now on and return it."""
        token: str = self.ask_token().json()["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"
        return token

    def get(self, path: str, /, **query: Any) -> requests.Response:
        """Return the response to one data call."""
        return self.session.get(f"{self.simulator.url}{path}", params=query, timeout=10, allow_redirects=False)

    def pages(self, path: str, /, **query: Any) -> Iterator[dict[str, Any]]:
        """Yield every page of a query, by its tokens."""
        while True:
            answer = self.get(path, **query)
            assert answer.status_code == 200, answer.text
            page: dict[str, Any] = answer.json()
            yield page
            query["page_token"] = page.get("page_info", {}).get("next_page_token")
            if not query["page_token"]:
                return

    def rows(self, path: str, /, **query: Any) -> list[dict[str, Any]]:
        """Yield every record of a query. An empty page can lack `items`."""
        return [row for page in self.pages(path, **query) for row in page.get("items", ())]

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()
