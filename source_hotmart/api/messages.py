"""Limit what is logged: no secrets, no control characters, and bounds on length and repetition.

Messages contain ids, names and codes from Hotmart's responses, which can hold anything. A server, a library or a log
may show a secret in several forms.
"""

from __future__ import annotations

import base64
import json
import logging
import re
import traceback
from collections import Counter
from collections.abc import Iterable
from threading import Lock
from typing import Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus

import orjson
from airbyte_cdk.utils.airbyte_secrets_utils import add_to_secrets, filter_secrets, update_secrets

LONGEST = 4_000
"""Maximum characters of one message."""
LONGEST_TRACEBACK = 20_000
LONGEST_NAME = 100
"""Maximum characters of one id in a message. Known ids of Hotmart have at most 36."""
LONGEST_LABEL = 400
"""Maximum characters of the name of a list, which can contain several ids."""
MOST_SENTENCES = 5
"""Maximum failures in one message."""
REPEATED = 50
"""Maximum log lines of one kind per stream. The end of the sync reports how many were dropped."""
BLANK = "****"
MOST_SECRETS = 64
"""Maximum number of secrets to remember. A sync adds four settings and one access token per login."""

_TRACE = '{"type":"TRACE"'
_WITH_TEXTS = (_TRACE, '{"type":"CONNECTION_STATUS"', '{"type":"LOG"')
_LOOKED_AT = 100_000
"""Characters of a text that are searched for secrets. The rest is not logged."""
_NOT_PRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
"""Control characters except tab and line feed, line separators, and marks that reverse or hide adjacent text."""


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
        update_secrets([])

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


def plain(text: str, longest: int = LONGEST) -> str:
    """Return a text without secrets and control characters, cut to a length."""
    kept = redact(text[:_LOOKED_AT])
    if len(text) > _LOOKED_AT:  # the cut may have split a secret
        kept = re.sub(r"\S*\Z", "", kept)
    kept = _NOT_PRINTABLE.sub("\ufffd", kept)
    return kept if len(kept) <= longest else f"{kept[:longest]}… (cut)"


def named(value: Any, longest: int = LONGEST_NAME) -> str:
    """Return an id or name from Hotmart for a message: on one line, and cut to a length."""
    return plain(" ".join(str(value)[:_LOOKED_AT].split()), longest)


def joined(sentences: Iterable[str]) -> str:
    """Join the first few distinct sentences, and add how many more there are."""
    different = list(dict.fromkeys(sentences))
    left = len(different) - MOST_SENTENCES
    more = [f"{left:,} more failures."] if left > 0 else []
    return " ".join([*different[:MOST_SENTENCES], *more])


def plain_message(line: str) -> str:
    """Return a line of the protocol, with its texts cleaned if it is a log or trace message."""
    if line.startswith(_WITH_TEXTS) and ('"error":' in line or not line.startswith(_TRACE)):
        return orjson.dumps(_plain_texts(orjson.loads(line))).decode()
    return line


def _plain_texts(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value, LONGEST_TRACEBACK)
    if isinstance(value, list):
        return [_plain_texts(item) for item in value]
    return {name: _plain_texts(item) for name, item in value.items()} if isinstance(value, dict) else value


def clean_line(record: logging.LogRecord) -> bool:
    """Replace the message of a log record, and its traceback, with cleaned text. A filter for handlers."""
    record.msg, record.args = plain(record.getMessage()), None
    if record.exc_info and record.exc_info[0]:
        # Another handler may have formatted it already.
        text = record.exc_text or "".join(traceback.format_exception(*record.exc_info))
        record.exc_text = plain(text, LONGEST_TRACEBACK)
    return True


class FewOfAKind(logging.Filter):
    """Drops log lines after the first few of one kind.

    Lines are of one kind if they have the same template and begin with the name of the same stream. Lines without
    arguments, such as progress lines, are never dropped, nor are lines at DEBUG level.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._counts: Counter[tuple[int, str, str]] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write a line."""
        if not record.args or not isinstance(record.args, tuple) or record.levelno <= logging.DEBUG:
            return True
        kind = record.levelno, str(record.msg), str(record.args[0])[:LONGEST_NAME].partition(":")[0]
        with self._lock:
            self._counts[kind] += 1
            return self._counts[kind] <= REPEATED

    def begin(self) -> None:
        """Reset the counts for a new sync."""
        with self._lock:
            self._counts.clear()

    def dropped(self) -> list[tuple[int, str]]:
        """Return a sentence for each stream with dropped lines, and the level of these lines."""
        left_out: Counter[tuple[int, str]] = Counter()
        with self._lock:
            for (level, _, stream), count in self._counts.items():
                if count > REPEATED:
                    left_out[level, stream] += count - REPEATED
        return [
            (level, f"{stream}: {count:,} more log lines like these were left out.")
            for (level, stream), count in left_out.items()
        ]


FEW_OF_A_KIND = FewOfAKind()
logging.getLogger("airbyte.hotmart").addFilter(FEW_OF_A_KIND)


def clean_logs() -> None:
    """Clean every log line of this process before it is written, including those of libraries."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(clean_line)
