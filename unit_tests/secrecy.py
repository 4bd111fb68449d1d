"""All forms of a secret that printed output may contain."""

from __future__ import annotations

import base64
import json
from functools import cache
from urllib.parse import quote, quote_plus


@cache
def forms(secret: str) -> frozenset[str]:
    """Return a secret as text, in an address, in a header, and as JSON inside JSON."""
    encoded = base64.b64encode(secret.encode()).decode()
    plain = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), encoded, quote(encoded, safe="")}
    escaped = {json.dumps(form)[1:-1] for form in plain} | {
        json.dumps(form, ensure_ascii=False)[1:-1] for form in plain
    }
    return frozenset(plain | escaped | {json.dumps(form)[1:-1] for form in escaped})
