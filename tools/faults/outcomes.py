"""How a sync can end when a fault affects one of its requests."""

from dataclasses import dataclass
from typing import Final, Literal

Ending = Literal["complete", "a stream fails", "all fail"]
FailureType = Literal["transient_error", "system_error", "config_error"]

LOGIN_REFUSED: Final = (
    "Hotmart rejected the Client ID and Client Secret. Copy all three values again from Hotmart: Tools > Developer "
    "Credentials. If they are right, check there whether the credential was deleted."
)
TRIED: Final = "{stream}: {reason} Tried 7 times. The next sync continues from here."


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a user sees, and within what time.

    `sentence` can contain `{stream}`, the `{reason}` of the fault and a `{window}`. `calls` is the maximum number of
    requests with the fault, and `waits_s` the maximum seconds that the connector waits between them, in one date range
    of twelve months. `leaves_out_a_parent`: only the rows of the affected parent are missing. `leaves_out_bad_rows`:
    only one row of each affected page is missing.
    """

    code: str
    meaning: str
    ending: Ending
    sentence: str = ""
    failure: FailureType | None = None
    calls: int
    waits_s: int
    warns: bool = False
    leaves_out_a_parent: bool = False
    leaves_out_bad_rows: bool = False


OUTLIVED: Final = Outcome(
    code="✓",
    meaning="The request is retried, or its list read again. Every row arrives once, without a message.",
    ending="complete",
    calls=12,
    waits_s=125,
)
WARNED: Final = Outcome(
    code="✓ W",
    meaning="Every row arrives once. A warning names what is odd, once per field or list.",
    ending="complete",
    calls=60,
    waits_s=10,
    warns=True,
)
REPAIRED: Final = Outcome(
    code="✓ J",
    meaning=(
        "Every row arrives once. Invalid UTF-8 is read as Latin-1, control characters are accepted, and numbers "
        "that JSON does not have are read as text. A warning names the stream."
    ),
    ending="complete",
    calls=60,
    waits_s=10,
    warns=True,
)
KEPT: Final = Outcome(
    code="✓ K",
    meaning="Every row arrives once, with its values as sent or converted without loss.",
    ending="complete",
    calls=60,
    waits_s=10,
)
HALVED: Final = Outcome(
    code="✓ H",
    meaning=(
        "Retried after five seconds, then requested in smaller pages, shorter date ranges or one status at a "
        "time, until none of them meets the fault. Every row arrives once."
    ),
    ending="complete",
    calls=60,
    waits_s=400,
)
ENDED: Final = Outcome(
    code="T",
    meaning=(
        "Tried seven times with growing waits, then the stream fails. Of the preflight requests two are tried as "
        "often, and the others are skipped."
    ),
    ending="a stream fails",
    sentence=TRIED,
    failure="transient_error",
    calls=60,
    waits_s=560,
)
SILENT: Final = Outcome(
    code="D1",
    meaning=(
        "Retried after five seconds and again after an outage of about a minute, then the stream fails. If a "
        "single row is answered, the list is read in smaller pages."
    ),
    ending="a stream fails",
    sentence="{stream}: {reason} The next sync reads {window} again.",
    failure="transient_error",
    calls=10,
    waits_s=70,
)
CONTRACT: Final = Outcome(
    code="C",
    meaning="As T. The API answered in an unknown form.",
    ending="a stream fails",
    sentence=TRIED,
    failure="system_error",
    calls=75,
    waits_s=560,
)
QUOTA: Final = Outcome(
    code="Q",
    meaning="Waits for the quota up to seven times, at most a minute each, then the stream fails.",
    ending="a stream fails",
    sentence=TRIED,
    failure="transient_error",
    calls=60,
    waits_s=3700,
)
UNAVAILABLE: Final = Outcome(
    code="D",
    meaning=(
        "Retried, again after an outage of about a minute, then requested by single days. If no day is answered, the "
        "stream fails."
    ),
    ending="a stream fails",
    sentence="{stream}: {reason} Hotmart is not available. The next sync continues from here.",
    failure="transient_error",
    calls=85,
    waits_s=500,
)
ALL_REFUSED: Final = Outcome(
    code="R",
    meaning=(
        "Retried, then requested with one status, and for the first and the last day. If Hotmart rejects these "
        "too, the stream fails."
    ),
    ending="a stream fails",
    sentence="{stream}: {reason} If this lasts, report it to Hotmart's support.",
    failure="system_error",
    calls=65,
    waits_s=120,
)
REFUSED: Final = Outcome(
    code="R1",
    meaning="Tried twice, then the stream fails, because the request cannot be made smaller.",
    ending="a stream fails",
    sentence="{stream}: {reason} If this lasts, report it to Hotmart's support.",
    failure="system_error",
    calls=2,
    waits_s=5,
)
STALE: Final = Outcome(
    code="P",
    meaning="The pages are read again once, then the stream fails.",
    ending="a stream fails",
    sentence="{stream}: Hotmart rejected its own page token twice in {window}. The next sync tries again.",
    failure="system_error",
    calls=2,
    waits_s=5,
)
CIRCLE: Final = Outcome(
    code="∞",
    meaning="The pages are read again once, then the stream fails because its pages repeat.",
    ending="a stream fails",
    sentence=(
        "{stream}: Hotmart's list of pages has no end (a page token was repeated, or 20 pages in a row had no "
        "new primary key). The next sync tries again."
    ),
    failure="system_error",
    calls=42,
    waits_s=10,
)
NO_KEY: Final = Outcome(
    code="N",
    meaning=(
        "All other rows arrive. Warnings name the places of up to three bad rows, and the stream fails at its "
        "end with their number. The next sync reads the list again."
    ),
    ending="a stream fails",
    sentence=(
        "{stream}: Hotmart sent {count} without a primary key in {window}. All other rows were read. The next sync "
        "reads this list again. If this lasts, report it to Hotmart's support."
    ),
    failure="system_error",
    calls=15,
    waits_s=5,
    warns=True,
    leaves_out_bad_rows=True,
)
GUESSED_KEY: Final = Outcome(
    code="NJ",
    meaning="As N. A primary key with a guessed byte could be that of another row.",
    ending="a stream fails",
    sentence=(
        "{stream}: Hotmart sent {count} with invalid bytes in the primary key in {window}. All other rows were read. "
        "The next sync reads this list again. If this lasts, report it to Hotmart's support."
    ),
    failure="system_error",
    calls=15,
    waits_s=5,
    warns=True,
    leaves_out_bad_rows=True,
)
FINAL: Final = Outcome(
    code="F",
    meaning="Not retried, because the answer would be the same. The stream fails.",
    ending="a stream fails",
    sentence="{stream}: {reason} If this lasts, report it to Hotmart's support.",
    failure="system_error",
    calls=12,
    waits_s=0,
)
NO_PERMISSION: Final = Outcome(
    code="A",
    meaning="Not retried: the user has to change something in Hotmart or in the settings. The stream fails.",
    ending="a stream fails",
    sentence=(
        "{stream}: These credentials have no permission to read this stream (403). Create a credential as the owner of "
        "the account, in Hotmart under Tools > Developer Credentials, or deselect this stream."
    ),
    failure="config_error",
    calls=12,
    waits_s=0,
)
TOKENS_REJECTED: Final = Outcome(
    code="A2",
    meaning=(
        "The access token is renewed up to seven times with growing, random pauses, because another program with "
        "the same credentials may end it. Then the stream fails, and its other requests try no new token. If no "
        "request of the sync was ever accepted, it is a `config_error` that names the environment."
    ),
    ending="a stream fails",
    sentence=(
        "{stream}: Hotmart accepted these credentials earlier in this sync, but rejected every new access token for "
        "this stream (401). If another program uses the same credentials, run it at another time. If only this stream "
        "fails, the credentials have no permission for it. Create a credential as the owner of the account, or "
        "deselect this stream."
    ),
    failure="transient_error",
    calls=40,
    waits_s=420,
)
PROXY_LOGIN: Final = Outcome(
    code="X",
    meaning="Not retried. The stream fails.",
    ending="a stream fails",
    sentence=(
        "{stream}: The proxy on the way to Hotmart requires a user name and a password (407). Give both in the "
        "environment variable HTTPS_PROXY."
    ),
    failure="config_error",
    calls=12,
    waits_s=0,
)
ELSEWHERE: Final = Outcome(
    code="E",
    meaning="Never followed, not retried. The stream fails.",
    ending="a stream fails",
    sentence=(
        "{stream}: The request was redirected to another address (302), and the connector follows no redirects. Check "
        "any proxy between this machine and Hotmart."
    ),
    failure="config_error",
    calls=12,
    waits_s=0,
)
UNKNOWN_CLUB: Final = Outcome(
    code="E1",
    meaning=(
        "Never followed, not retried, because this is how Hotmart answers a wrong name of a members area. The "
        "stream fails."
    ),
    ending="a stream fails",
    sentence=(
        "{stream}: Hotmart knows no members area 'second-school'. Check members_area_subdomain: it is NAME in "
        "hotmart.com/club/NAME."
    ),
    failure="config_error",
    calls=1,
    waits_s=0,
)
TLS: Final = Outcome(
    code="S",
    meaning="Not retried. Every stream fails.",
    ending="all fail",
    sentence=(
        "{stream}: The secure connection to Hotmart could not be verified. Check the certificates on this machine, and "
        "any proxy between this machine and Hotmart."
    ),
    failure="config_error",
    calls=1,
    waits_s=0,
)
AWAY: Final = Outcome(
    code="T*",
    meaning="As T, for every stream that is not read yet, because all requests go to one host.",
    ending="all fail",
    sentence=TRIED,
    failure="transient_error",
    calls=35,
    waits_s=320,
)
NO_LOGIN: Final = Outcome(
    code="L",
    meaning="The login is tried seven times. Without it every stream fails. It is not tried again for a minute.",
    ending="all fail",
    sentence=TRIED,
    failure="transient_error",
    calls=7,
    waits_s=65,
)
NO_LOGIN_QUOTA: Final = Outcome(
    code="LQ",
    meaning="As L. Each time the connector waits for the quota, at most a minute.",
    ending="all fail",
    sentence=TRIED,
    failure="transient_error",
    calls=7,
    waits_s=450,
)
NO_LOGIN_CONTRACT: Final = Outcome(
    code="LC",
    meaning="As L. The login answered in an unknown form.",
    ending="all fail",
    sentence=TRIED,
    failure="system_error",
    calls=7,
    waits_s=65,
)
LOGIN_FAILS: Final = Outcome(
    code="L1",
    meaning="Not retried. Every stream fails.",
    ending="all fail",
    sentence=LOGIN_REFUSED,
    failure="config_error",
    calls=1,
    waits_s=0,
)
NO_PROXY_LOGIN: Final = Outcome(
    code="LX",
    meaning="Not retried. Every stream fails.",
    ending="all fail",
    sentence=PROXY_LOGIN.sentence,
    failure="config_error",
    calls=1,
    waits_s=0,
)
LOGIN_FINAL: Final = Outcome(
    code="LF",
    meaning="Not retried. Every stream fails.",
    ending="all fail",
    sentence=FINAL.sentence,
    failure="system_error",
    calls=4,
    waits_s=0,
)
LOGIN_ELSEWHERE: Final = Outcome(
    code="LE",
    meaning="Never followed, not retried. Every stream fails.",
    ending="all fail",
    sentence=ELSEWHERE.sentence,
    failure="config_error",
    calls=1,
    waits_s=0,
)
