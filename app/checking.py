"""Asking a running process whether it is well, with nothing but the standard library."""

import urllib.error
import urllib.request

TIMEOUT_SECONDS = 3


def check(url: str) -> str | None:
    """None when the address answers 200, else why not in one line."""
    if not url.startswith(("http://", "https://")):
        return f"{url} is no http address"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - checked above
            return None if answer.status == 200 else f"{url} answered {answer.status}"
    except urllib.error.HTTPError as error:
        error.close()
        return f"{url} answered {error.code}"
    except OSError as error:
        return f"{url} does not answer: {error}"
