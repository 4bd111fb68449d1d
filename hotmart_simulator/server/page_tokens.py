"""Page tokens that are bound to their query (hotmart-api.md 3.3). Each is signed, so none is stored."""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from hashlib import blake2b
from hmac import compare_digest

import orjson

from hotmart_simulator.server.errors import wrong_page_token


@dataclass(frozen=True, slots=True)
class Place:
    """A page, counted from 1, and its size. `turn` makes two tokens of one page differ (for faults)."""

    page: int
    rows: int
    turn: int = 0

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.rows


class PageTokens:
    """Issue and read tokens. `owner` names the query, so that other queries reject the token."""

    def __init__(self, seed: int) -> None:
        self._key = f"pages/{seed}".encode()

    def numbered(self, owner: str, place: Place, rows_key: str = "rows") -> str:
        """Return base64 of a small JSON object: rows and page, as in a real token, and a signature."""
        inner = {rows_key: place.rows, "page": place.page, "check": self._signature(owner, place, 5).hex()}
        if place.turn:
            inner["turn"] = place.turn
        return b64encode(orjson.dumps(inner)).decode()

    def read_numbered(self, owner: str, token: str, rows_key: str = "rows") -> Place:
        try:
            inner = orjson.loads(b64decode(token, validate=True))
            place = Place(inner["page"], inner[rows_key], inner.get("turn", 0))
        except (
            Base64Error,
            orjson.JSONDecodeError,
            UnicodeError,
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
        ):
            raise wrong_page_token() from None
        if token != self.numbered(owner, place, rows_key) or place.page < 1:
            raise wrong_page_token()
        return place

    def opaque(self, owner: str, place: Place) -> str:
        """Return 64 hexadecimal digits, the form of the subscriptions family."""
        sign = self._signature(owner, place, 20)
        plain = b"".join(value.to_bytes(4, "big") for value in (place.page, place.rows, place.turn))
        return (sign + self._hidden(plain, sign)).hex()

    def read_opaque(self, owner: str, token: str) -> Place:
        try:
            code = bytes.fromhex(token)
        except ValueError:
            raise wrong_page_token() from None
        if len(code) != 32 or token != code.hex():
            raise wrong_page_token()
        plain = self._hidden(code[20:], code[:20])
        place = Place(*(int.from_bytes(plain[start : start + 4], "big") for start in (0, 4, 8)))
        if not compare_digest(code[:20], self._signature(owner, place, 20)):
            raise wrong_page_token()
        return place

    def _signature(self, owner: str, place: Place, size: int) -> bytes:
        message = f"{owner}/{place.page}/{place.rows}/{place.turn}".encode()
        return blake2b(message, digest_size=size, key=self._key).digest()

    def _hidden(self, plain: bytes, sign: bytes) -> bytes:
        mask = blake2b(sign, digest_size=len(plain), key=self._key).digest()
        return bytes(a ^ b for a, b in zip(plain, mask, strict=True))
