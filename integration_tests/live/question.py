"""A question to the API, and what came of it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from integration_tests.live.account import Account
from integration_tests.live.failure import NotTold, OutOfCalls
from source_hotmart.errors import HotmartError


@dataclass(frozen=True)
class Told:
    """What the API did."""

    did: str
    danger: str = ""
    """What the connector does wrong then; empty where it reads completely."""


@dataclass(frozen=True)
class Finding:
    """A line of the table."""

    assumption: str
    depends: str
    did: str
    danger: str = ""
    is_told: bool = True


class Question(ABC):
    """An assumption about the API; `depends` says what of the connector rests on it."""

    depends: ClassVar[str]

    @property
    @abstractmethod
    def assumption(self) -> str:
        """What is taken for true."""

    @abstractmethod
    def ask(self, account: Account) -> Told:
        """Find out. Raises `NotTold` where this account cannot tell."""

    def finding(self, account: Account) -> Finding:
        """The answer as a line, also where there is none."""
        try:
            told = self.ask(account)
        except NotTold as reason:
            return self._untold(f"not to be told: {reason}")
        except OutOfCalls:
            return self._untold(f"not asked: the {account.probe.max_calls} calls are used up")
        except HotmartError as failure:
            return self._untold(f"not to be told: {failure}")
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            # Whose texts may quote a row.
            return self._untold("not to be told: Hotmart's rows have another form than is known")
        return Finding(self.assumption, self.depends, told.did, told.danger)

    def _untold(self, reason: str) -> Finding:
        return Finding(self.assumption, self.depends, reason, is_told=False)


def amount(count: int, noun: str) -> str:
    """`1,200 rows`, `1 row`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
