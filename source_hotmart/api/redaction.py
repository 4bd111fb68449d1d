"""Redact secrets in all output, in every form that a server, a library or a log may show."""

from __future__ import annotations

import base64
import json
import re
from threading import Lock
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets, filter_secrets

BLANK = "****"
MOST_SECRETS = 64
"""Maximum number of secrets to remember. A sync adds four settings and one access token per login."""


class _Secrets:
    """The secrets of this process, in the order they were added."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._forms_of: dict[str, set[str]] = {}
        self._forms: tuple[str, ...] = ()

    def hide(self, secret: str) -> None:
        """Hide every form of a secret in all output from now on, also by the CDK's own filter."""
        if not secret:
            return
        with self._lock:
            added = self._forms_of[secret] = self._forms_of.pop(secret, set()) or forms(secret)
            while len(self._forms_of) > MOST_SECRETS:
                del self._forms_of[next(iter(self._forms_of))]
            # The longest first: if one form is a part of another, the rest of the longer one would stay visible.
            self._forms = tuple(sorted(set().union(*self._forms_of.values()), key=len, reverse=True))
        for form in sorted(added, key=len, reverse=True):  # the CDK clears its list for each command
            add_to_secrets(form)

    def forget(self) -> None:
        """Forget all secrets, as in a new process."""
        with self._lock:
            self._forms_of.clear()
            self._forms = ()

    def redact(self, text: str) -> str:
        """Return a text with every form of every secret redacted."""
        for form in self._forms:  # many times faster than one pattern of all forms
            text = text.replace(form, BLANK)
        return filter_secrets(text)


def forms(secret: str) -> set[str]:
    """Return a secret as is, without padding, in Base64, URL-encoded, and in JSON or JSON within JSON."""
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


_SECRETS = _Secrets()
hide, redact, forget_secrets = _SECRETS.hide, _SECRETS.redact, _SECRETS.forget
