"""Remove invisible characters that pasting adds, and recognise mistyped names of settings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

_BLANK_LETTERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Letters and marks that Unicode lists as ignorable (Default_Ignorable_Code_Point), besides format characters."""


def visible(text: str) -> str:
    """Return a text without zero-width, format and control characters. Spaces and line ends are kept."""
    kept = (char for char in text if char.isspace() or unicodedata.category(char) not in ("Cf", "Cc"))
    return _BLANK_LETTERS.sub("", "".join(kept))


def unknown_settings(config: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each unknown setting, with the most similar name and never a value.

    `known` has the names of settings, each with the names inside it if it is an object.
    """
    for name, value in config.items():
        if name in known:
            if isinstance(value, Mapping) and isinstance(known[name], Mapping):
                yield from (sentence.replace("'", f"'{name}.", 1) for sentence in unknown_settings(value, known[name]))
        elif not name.startswith("_"):  # the CDK and the platform add names with an underscore
            near = get_close_matches(name.lower().replace("-", "_"), known, n=1)
            advice = f"Did you mean {near[0]}?" if near else f"The settings are {', '.join(known)}."
            yield f"The setting {name[:60]!r} is unknown and was ignored. {advice}"
