"""Blank secrets in every text that is printed, in each form that a server, a library or a log may show them in."""

from __future__ import annotations

import base64
import json
import re
from threading import Lock
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets, filter_secrets

BLANK = "****"
MOST_SECRETS = 64
"""Secrets that are remembered. A sync adds four settings and one access token at each login."""


class _Secrets:
    """The secrets of this process, the one that was added last at the end."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._forms_of: dict[str, set[str]] = {}
        self._forms: tuple[str, ...] = ()

    def add(self, secret: str) -> None:
        """Remember every form of a secret, for the CDK's own filter too."""
        with self._lock:
            added = self._forms_of[secret] = self._forms_of.pop(secret, set()) or forms(secret)
            while len(self._forms_of) > MOST_SECRETS:
                del self._forms_of[next(iter(self._forms_of))]
            # The longest first: a form can be a part of another one, of which the rest would be seen.
            self._forms = tuple(sorted(set().union(*self._forms_of.values()), key=len, reverse=True))
        for form in sorted(added, key=len, reverse=True):  # each command begins with an empty list of the CDK's
            add_to_secrets(form)

    def forget(self) -> None:
        """Forget every secret."""
        with self._lock:
            self._forms_of.clear()
            self._forms = ()

    def blank(self, text: str) -> str:
        """Return a text with every form of every secret replaced."""
        for form in self._forms:  # many times faster than one pattern of all forms
            text = text.replace(form, BLANK)
        return filter_secrets(text)


_SECRETS = _Secrets()


def forms(secret: str) -> set[str]:
    """Return a secret as it is, without its padding, in Base64, in an address, and in JSON or JSON inside of JSON."""
    found = {secret, unquote(secret), unquote_plus(secret)}
    found |= {base64.b64encode(form.encode(errors="replace")).decode() for form in found}
    found |= {form.rstrip("=") for form in found}
    for form in tuple(found):
        encoded = {
            quote(form, errors="replace"),
            quote(form, safe="", errors="replace"),
            quote_plus(form, errors="replace"),
        }
        found |= encoded | {re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), one) for one in encoded}
    for _ in range(2):
        for form in tuple(found):
            found |= {json.dumps(form)[1:-1], json.dumps(form, ensure_ascii=False)[1:-1]}
    return found - {""}


def hide(secret: str) -> None:
    """Hide a secret in everything that is printed from now on. An empty one is none."""
    if secret:
        _SECRETS.add(secret)


def forget_secrets() -> None:
    """Hide nothing any more, as in a new process."""
    _SECRETS.forget()


def redact(text: str) -> str:
    """Return a text with all secrets blanked."""
    return _SECRETS.blank(text)
