"""Subscriber codes and their subscriptions: one per code, or two by the switch `subscriber_codes`."""

from hotmart_simulator.account import Account
from hotmart_simulator.common.random_source import scatter


def shares_code(account: Account, index: int) -> bool:
    """Whether a subscription belongs to the subscriber of the previous one, which is the case for one in eight."""
    seed = account.subscriptions.bits_seed
    return index > 0 and scatter(seed + index) >> 40 & 7 == 0 and scatter(seed + index - 1) >> 40 & 7 != 0


def with_code(account: Account, code: str) -> list[int]:
    """Return the subscriptions with a subscriber code, or none for an unknown one."""
    state, shared = account.subscriptions, account.switches.subscriber_codes == "shared"
    index = state.codes.number(code)
    if index is None or index >= len(state) or index in state.hidden or state.codes.text(index) != code:
        return []
    if not shared:
        return [index]
    if shares_code(account, index):
        return []
    has_second = index + 1 < len(state) and index + 1 not in state.hidden and shares_code(account, index + 1)
    return [index, index + 1] if has_second else [index]
