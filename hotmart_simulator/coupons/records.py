"""Coupons (hotmart-api.md 5.17). Dates: epoch ms."""

from typing import Any

from hotmart_simulator.account import Account


def coupon(account: Account, number: int) -> dict[str, Any]:
    """Return a row of coupon/product/{product_id}. It names no product."""
    state = account.coupons
    bits = state.bits(number)
    percent = 5 + bits % 10 * 5
    is_valid = number not in state.expired
    record: dict[str, Any] = {
        "id": state.id(number),
        "coupon_code": f"{('SPRING', 'SUMMER', 'WELCOME', 'BACK')[bits >> 8 & 3]}{percent}N{number}",
        "discount": percent / 100,
        "status": "valid" if is_valid else "expired",
        "time_zone": {
            "id": "America/Sao_Paulo",
            "offset": "-03:00",
            "name": "BRT",
            "description": "Sao Paulo",
        },
    }
    form = account.switches.coupon_fields
    if form == "all" or (form == "some_bare" and bits >> 16 & 3):
        record["active"] = is_valid
    if form == "all" or (form == "some_bare" and bits >> 18 & 3):
        record["start_date"] = state.start_of[number]
    return record
