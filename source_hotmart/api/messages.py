"""Limit what is logged: no control characters, and bounds on length and repetition.

Messages contain ids, names and codes from Hotmart's responses, which can hold anything.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections import Counter
from collections.abc import Iterable
from threading import Lock
from typing import Any

import orjson

from source_hotmart.api.redaction import redact

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

_TRACE = '{"type":"TRACE"'
_WITH_TEXTS = (_TRACE, '{"type":"CONNECTION_STATUS"', '{"type":"LOG"')
_LOOKED_AT = 100_000
"""Characters of a text that are searched for secrets. The rest is not logged."""
_NOT_PRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
"""Control characters except tab and line feed, line separators, and marks that reverse or hide adjacent text."""


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


class PlainLines(logging.Filter):
    """Cleans log lines before a handler writes them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace the message of a record, and its traceback, with cleaned text."""
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
PLAIN_LINES = PlainLines()
logging.getLogger("airbyte.hotmart").addFilter(FEW_OF_A_KIND)


def clean_logs() -> None:
    """Clean every log line of this process before it is written, including those of libraries."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(PLAIN_LINES)
