"""user/api: the account itself (hotmart-api.md 4.19)."""

from typing import Final

from hotmart_simulator.members_area import records as members
from hotmart_simulator.server.endpoint import Answer, Desk, Endpoint
from hotmart_simulator.server.parameters import Asked


def me(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    return Answer(document=members.owner(desk.account), rows=1)


ENDPOINTS: Final = (Endpoint(path="/user/api/v1/me", parameters={}, answer=me, key=("email",), text=("name",)),)
