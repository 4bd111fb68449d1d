"""The token and the quota, of which every call tells something."""

from integration_tests.live.account import Account
from integration_tests.live.failure import NotTold
from integration_tests.live.question import Question, Told

LONGEST_WINDOW_S = 3600
"""A quota that is reset later than so many seconds from now would not be one of calls a minute."""


class TokenLife(Question):
    """Three lives were seen: 172,799, 86,400 and 21,600 seconds."""

    assumption = "an access token lives as long as expires_in says"
    depends = "yes: it is renewed in time"

    def ask(self, account: Account) -> Told:
        account.probe.log_in()
        life_s = account.probe.login.token_life_s
        if life_s is None:
            return Told("no expires_in; six hours are assumed, and a 401 renews it before")
        return Told(f"expires_in is {life_s:,} s, {life_s / 3600:.1f} hours")


class QuotaHeaders(Question):
    """Which headers tell of the quota, and in what form the reset comes."""

    assumption = "RateLimit headers tell limit, rest and seconds to the reset"
    depends = "yes: they set the pace of calls"

    def ask(self, account: Account) -> Told:
        answers = [answer for answer in account.probe.answers if answer.status]
        if not answers:
            raise NotTold("no answer came")
        names = list(dict.fromkeys(name for answer in answers for name in answer.quota))
        if not names:
            return Told("no such header; the connector counts its own calls, and waits when it is refused")
        told = [_form(name, [answer.quota[name] for answer in answers if name in answer.quota]) for name in names]
        silent = sum(not answer.quota for answer in answers)
        return Told("; ".join(told) + (f"; {silent} of {len(answers)} answers without any" if silent else ""))


def _form(name: str, values: list[str]) -> str:
    """A header with its form; of its values nothing but numbers."""
    if not all(value.isdecimal() for value in values):
        return f"{name} is not a whole number"
    numbers = [int(value) for value in values]
    if name.endswith(("Limit", "Limit-Minute")):
        return f"{name} {' or '.join(map(str, sorted(set(numbers))))}"
    if name.endswith(("Remaining", "Remaining-Minute")):
        return f"{name} {max(numbers)} to {min(numbers)}"
    if max(numbers) <= LONGEST_WINDOW_S:
        return f"{name} in seconds from now"
    return f"{name} is a point in time, which the connector leaves aside"
