"""Buyers, partners and the owner. They are created once, because Faker is too slow to make a name for each record."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from faker import Faker

from hotmart_simulator.common.random_source import scatter, seed_of, uuid_text

POOL_SIZE: Final = 300
# Locale of the names, locale as Hotmart writes it (5.3), country, currency, people in a hundred.
NATIONS: Final = (
    ("pt_BR", "PT_BR", "Brasil", "BRL", 74),
    ("en_US", "EN", "Estados Unidos", "USD", 10),
    ("es_ES", "ES", "España", "EUR", 9),
    ("es_MX", "ES", "México", "MXN", 7),
)


@dataclass(frozen=True, slots=True)
class Person:
    """One person. `user` is the object in sales/users, which all records share, so it must not be changed."""

    number: int
    ucode: str
    name: str
    email: str
    currency: str
    phone: str
    phone_ddd: str
    user: dict[str, Any]


@dataclass(frozen=True, slots=True)
class People:
    """Everyone who can appear in an account."""

    buyers: tuple[Person, ...]
    affiliates: tuple[Person, ...]
    partners: tuple[Person, ...]
    owner: Person


@lru_cache(maxsize=32)
def people_of(seed: int) -> People:
    """Return the people of an account with this seed."""
    bits_of = seed_of(seed, "people")
    fakers = []
    for number, (locale, *_) in enumerate(NATIONS):
        faker = Faker(locale)
        faker.seed_instance(bits_of + number)
        fakers.append(faker)

    def person(number: int) -> Person:
        bits = scatter(bits_of + number)
        # The account and its partners are Brazilian. The others are as in NATIONS.
        share, nation = bits % 100 if number < POOL_SIZE + 24 else 0, 0
        while share >= NATIONS[nation][4]:
            share -= NATIONS[nation][4]
            nation += 1
        return _person(fakers[nation], nation, number, bits >> 8, uuid_text(bits_of, number))

    everyone = [person(number) for number in range(POOL_SIZE + 31)]
    return People(
        buyers=tuple(everyone[:POOL_SIZE]),
        affiliates=tuple(everyone[POOL_SIZE : POOL_SIZE + 24]),
        partners=tuple(everyone[POOL_SIZE + 24 : POOL_SIZE + 30]),
        owner=everyone[-1],
    )


def _person(faker: Faker, nation: int, number: int, bits: int, ucode: str) -> Person:
    _, locale, country, currency, _ = NATIONS[nation]
    name = faker.name()
    if bits & 3 == 0:
        ucode = ucode.lower()  # 5.1: upper case as a rule, sometimes lower
    email = f"person.{number}.{faker.ascii_safe_email()}"
    phone, ddd = faker.numerify("9########"), faker.numerify("%#")
    user: dict[str, Any] = {
        "ucode": ucode,
        "locale": locale,
        "name": name,
        "cellphone": "" if bits & 12 == 0 else ddd + phone,
        "email": email,
    }
    if bits & 0x30 == 0:
        user["trade_name"] = faker.company()
    if bits & 0xC0:
        user["phone"] = "" if bits & 0x80 else f"55{ddd}{phone}"
    if bits & 0x700:
        user["documents"] = _documents(faker, nation, bits)
    if bits & 0x3800:
        user["address"] = _address(faker, country, bits)
    return Person(
        number=1_000_000 + number * 37,
        ucode=ucode,
        name=name,
        email=email,
        currency=currency,
        phone=phone,
        phone_ddd=ddd,
        user=user,
    )


def _documents(faker: Faker, nation: int, bits: int) -> list[dict[str, str]]:
    if bits & 0x300 == 0:
        return []
    kinds = (("CPF", "CNPJ", "RG"), ("DOCUMENT",), ("DNI", "CIF"), ("DOCUMENT",))[nation]
    kind = kinds[(bits >> 16) % len(kinds)]
    digits = {"CPF": 11, "CNPJ": 14}.get(kind, 9)
    return [{"type": kind, "value": faker.numerify("#" * digits)}]


def _address(faker: Faker, country: str, bits: int) -> dict[str, str]:
    if bits & 0x3000 == 0:
        return {"country": country}  # real addresses of buyers had no other fields (5.3)
    address = {
        "city": faker.city(),
        "state": faker.lexify("??").upper(),
        "country": country,
        "zip_code": faker.numerify("########"),
        "address": faker.street_name(),
        "number": faker.numerify("%##"),
    }
    if bits & 0xC000:
        address["neighborhood"] = faker.last_name()
    if bits & 0x30000 == 0:
        address["complement"] = f"Ap. {bits % 90 + 1}"
    return address
