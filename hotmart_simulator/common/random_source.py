"""Repeatable random numbers: the content of a record follows from the account's seed and the record's number."""

from hashlib import blake2b
from typing import Final

MASK: Final = (1 << 64) - 1


def seed_of(seed: int, name: str) -> int:
    """Return a 64-bit seed for one use, so that two uses of an account's seed are unrelated."""
    return int.from_bytes(blake2b(f"{seed}/{name}".encode(), digest_size=8).digest(), "big")


def scatter(number: int) -> int:
    """Return 64 well-mixed bits (the finaliser of splitmix64). This is fast enough to repeat for each record."""
    number = (number * 0x9E3779B97F4A7C15) & MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & MASK
    return number ^ (number >> 31)


def hexadecimal(seed: int, number: int, digits: int) -> str:
    """Return upper-case hexadecimal text of the given length."""
    high, low = scatter(seed + number), scatter(seed ^ (number + 1))
    return f"{(high << 64) | low:032X}"[:digits]


def uuid_text(seed: int, number: int) -> str:
    """Return text in the form of a random UUID."""
    text = hexadecimal(seed, number, 32)
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:]}"


class Codes:
    """Convert numbers to scattered codes and back without a table, by a multiplication modulo a prime."""

    def __init__(self, seed: int, prime: int) -> None:
        self._prime = prime
        self._factor = scatter(seed) % (prime - 2) + 1
        self._shift = scatter(seed + 1) % prime
        self._inverse = pow(self._factor, -1, prime)

    def code(self, number: int) -> int:
        return (number * self._factor + self._shift) % self._prime

    def number(self, code: int) -> int:
        return (code - self._shift) * self._inverse % self._prime


class Transactions:
    """Codes of `HP` and ten digits, the primary key of a sale."""

    def __init__(self, seed: int) -> None:
        self._codes = Codes(seed_of(seed, "transactions"), 9_999_999_967)

    def text(self, serial: int) -> str:
        return f"HP{self._codes.code(serial):010d}"

    def serial(self, text: str) -> int | None:
        digits = text[2:]
        if not text.startswith("HP") or len(digits) != 10 or not digits.isascii() or not digits.isdigit():
            return None
        return self._codes.number(int(digits))


class Alphanumerics:
    """Codes of upper-case letters and digits, such as a subscriber's eight."""

    _signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

    def __init__(self, seed: int, name: str, width: int = 8) -> None:
        self._codes = Codes(seed_of(seed, name), 999_999_999_989)
        self._width = width

    def text(self, number: int) -> str:
        code, signs = self._codes.code(number), []
        for _ in range(self._width):
            code, sign = divmod(code, 36)
            signs.append(self._signs[sign])
        return "".join(signs)

    def number(self, text: str) -> int | None:
        if len(text) != self._width or any(sign not in self._signs for sign in text):
            return None
        return self._codes.number(int(text[::-1], 36))
