"""user/api: the account itself (hotmart-api.md 4.19)."""

from typing import Final

from integration_tests.simulator.endpoints.endpoint import Answer, Desk, Endpoint
from integration_tests.simulator.parameters import Asked
from integration_tests.simulator.records import members


def me(endpoint: Endpoint, desk: Desk, asked: Asked) -> Answer:
    return Answer(document=members.owner(desk.world), rows=1)


ENDPOINTS: Final = (Endpoint(path="/user/api/v1/me", parameters={}, answer=me, key=("email",), text=("name",)),)
