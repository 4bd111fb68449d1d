"""user/api: the account itself (hotmart-api.md 4.19)."""

from typing import Final

from hotmart_simulator.server.endpoint import Answer, Desk, Endpoint
from hotmart_simulator.server.errors import Refusal
from hotmart_simulator.server.parameters import Asked
from hotmart_simulator.user import records


def me(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    """Return the owner of the account, or 404 where the new endpoint (1.3) does not exist yet."""
    if desk.switches.user_me == "missing":
        raise Refusal(404, "not_found", "The resource does not exist")
    return Answer(document=records.owner(desk.account), rows=1)


ENDPOINTS: Final = (Endpoint(path="/user/api/v1/me", parameters={}, answer=me, key=("email",), text=("name",)),)
