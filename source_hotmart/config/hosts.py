"""Hotmart's base URLs. Only environment variables of the process can replace them."""

from __future__ import annotations

import os
from urllib.parse import SplitResult, unquote, urlsplit

import requests
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

API_URLS = {"production": "https://developers.hotmart.com", "sandbox": "https://sandbox.hotmart.com"}
AUTH_URL = "https://api-sec-vlc.hotmart.com"
"""One token host for both environments. https://developers.hotmart.com/docs/en/start/app-auth/"""

_LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def is_loopback(host: str | None) -> bool:
    """Whether a host name refers to this machine."""
    return host in _LOOPBACK_HOSTS


def base_url(variable: str, default: str) -> str:
    """Return the base URL from an environment variable, without a trailing slash, or the default.

    The configuration cannot set a host, since it could then send the credentials elsewhere. Raise a config_error that
    names the variable if it is invalid, but not its value, which can hold a password.
    """
    url = os.environ.get(variable, "").strip()
    if not url:
        return default
    problem = _problem(url)
    if problem:
        sentence = (
            f"The environment variable {variable} must hold an https address such as https://proxy.example.com/hotmart "
            f"(plain http is accepted for this machine only), but {problem}. Correct it or remove it."
        )
        raise AirbyteTracedException(sentence, sentence, FailureType.config_error)
    return _normal(url).rstrip("/")


def _normal(url: str) -> str:
    """Return a URL in the form that is sent. Raise `ValueError` if it cannot be sent."""
    return requests.Request("GET", url).prepare().url or ""


def _problem(url: str) -> str:
    """Return what is wrong with a base URL, or an empty text."""
    try:
        address = urlsplit(url)
        host = address.hostname
    except ValueError:
        return "it is not an address"
    has_dots = bool({".", ".."} & set(unquote(address.path).split("/")))
    problems = (
        (address.scheme not in ("https", "http") or not host, "it does not begin with https:// and a host"),
        (address.scheme == "http" and not is_loopback(host), "it is plain http to another machine"),
        (not _has_valid_port(address), "its port is not a number from 1 to 65535"),
        ("?" in url, "it has a query (?)"),
        ("#" in url, "it has a fragment (#)"),
        ("@" in address.netloc, "it has a user name or password"),
        ("\\" in url or has_dots, "its path has '.' or '..' or a backslash"),
        (not _is_sent_to(url, host), "it is not an address"),
    )
    return next((problem for is_wrong, problem in problems if is_wrong), "")


def _has_valid_port(address: SplitResult) -> bool:
    try:
        return address.port != 0
    except ValueError:
        return False


def _is_sent_to(url: str, host: str | None) -> bool:
    """Whether `requests` would send a request for this URL to this host."""
    try:
        return urlsplit(_normal(url)).hostname == host
    except (ValueError, requests.RequestException):
        return False
