"""Tells hubs that feeds have changed, so that subscribers need not ask.

Spec: W3C WebSub 5 leaves to each hub how it is told; this is what PubSubHubbub 0.4 says in 7.1, and hubs accept.
"""

from __future__ import annotations

from collections.abc import Sequence

import httpx

from feedsvc import __version__

_TIMEOUT_S = 10.0


def tell(hubs: Sequence[str], feed_urls: Sequence[str]) -> list[str]:
    """Tell each hub of each feed that has changed; what went wrong, a sentence for each hub.

    A hub that does not take one feed is not asked to take the others: it hears of them at their next change.
    """
    if not hubs or not feed_urls:
        return []
    agent = {"User-Agent": f"feedsvc/{__version__}"}
    with httpx.Client(timeout=_TIMEOUT_S, headers=agent, trust_env=False) as client:
        failures = [_tell_one(client, hub, feed_urls) for hub in hubs]
    return [failure for failure in failures if failure]


def _tell_one(client: httpx.Client, hub: str, feed_urls: Sequence[str]) -> str | None:
    for done, url in enumerate(feed_urls):
        why = None
        try:
            answer = client.post(hub, data={"hub.mode": "publish", "hub.url": url})
            if not answer.is_success:
                why = f"the server answered {answer.status_code} {answer.reason_phrase}".rstrip()
        except httpx.TimeoutException:
            why = f"no answer within {_TIMEOUT_S:.0f} seconds"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = f"cannot be reached: {error}"
        if why:
            left = len(feed_urls) - done
            return f"{hub}: {why}; it has not heard of {'1 feed' if left == 1 else f'{left} feeds'}"
    return None
