"""The account's owner (hotmart-api.md 4.19)."""

from typing import Any

from hotmart_simulator.account import Account


def owner(account: Account) -> dict[str, Any]:
    """Return the object of user/me.

    1.3 lists the contact data and 0.5 the settings. Only `currency_code_commission` is spelled there.
    """
    person = account.people.owner
    contact = {"name": person.name, "email": person.email, "phone": f"{person.phone_ddd}{person.phone}"}
    settings = {
        "id": person.number,
        "name": person.name,
        "locale": person.user["locale"],
        "time_zone": "America/Sao_Paulo",
        "currency_code_commission": person.currency,
    }
    return {"both": settings | contact, "contact": contact, "settings": settings}[account.switches.account_fields]
