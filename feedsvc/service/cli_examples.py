"""What `--help` shows below the options of each command: examples, to be copied and changed."""

from __future__ import annotations

_EXAMPLES = {
    "": [
        ("feedsvc init", "a configuration, and folders"),
        ("feedsvc add news.example", "find a feed, add it"),
        ("feedsvc doctor", "is everything there?"),
        ("feedsvc refresh", "read, translate, publish"),
        ("feedsvc run", "the same, for ever"),
    ],
    "init": [
        ("feedsvc init", "here: config/ and var/"),
        ("feedsvc init ~/news", "or in a folder of its own"),
        ("sudo feedsvc init --system", "for the systemd service"),
    ],
    "doctor": [
        ("feedsvc doctor", "each check with what to do"),
        ("sudo -u feedsvc feedsvc doctor", "as the service sees it"),
        ("feedsvc doctor --json", "for other programs"),
    ],
    "add": [
        ("feedsvc add news.example", "the feed behind a site"),
        ("feedsvc add https://news.example/rss --id news", "a feed, under this name"),
        ("feedsvc add ~/articles --language zh", "a folder of articles"),
    ],
    "opml import": [
        ("feedsvc opml import subscriptions.opml", "what another reader has"),
        ("feedsvc opml import --dry-run subscriptions.opml", "only tell"),
    ],
    "opml export": [
        ("feedsvc opml export > sources.opml", "what is read"),
        ("feedsvc opml export --translated > feeds.opml", "what is published"),
    ],
    "models list": [
        ("feedsvc models list", "here, and to be had"),
        ("feedsvc models list --offline", "without asking the index"),
    ],
    "models install": [
        ("feedsvc models install zh en", "from the index of Argos"),
        ("feedsvc models install zh_en.argosmodel", "from a file"),
    ],
    "models remove": [("feedsvc models remove zh en", "the starter model stays")],
    "refresh": [
        ("feedsvc refresh", "all sources"),
        ("feedsvc refresh archive news", "these"),
        ("feedsvc refresh --force archive", "as if nothing were known"),
        ("sudo systemctl start feedsvc-refresh@archive", "beside the service"),
    ],
    "status": [
        ("feedsvc status", "a table"),
        ("feedsvc status --json | jq '.sources[] | select(.failures > 0)'", "failing"),
    ],
    "explain": [
        ("feedsvc explain archive", "all of its entries"),
        ("feedsvc explain archive Lavrov", "one, by a part of its title"),
    ],
    "translate": [
        ("feedsvc translate --from zh text.txt", "a text"),
        ("feedsvc translate --from zh --lines in.txt > out.txt", "a line for each line"),
        ("feedsvc translate --html page.html", "markup is kept"),
    ],
    "run": [
        ("feedsvc run", "until Ctrl-C"),
        ("sudo systemctl enable --now feedsvc", "as a service, from every start"),
    ],
    "serve": [
        ("feedsvc serve", "as [server] says"),
        ("feedsvc serve --listen 0.0.0.0:8080", "to the whole network"),
    ],
    "demo": [
        ("feedsvc demo", "then open 127.0.0.1:8080"),
        ("feedsvc demo --no-serve", "only publish"),
    ],
}


def examples(command: str) -> str:
    """The examples of a command, one a line, as the epilog of its help."""
    shown = _EXAMPLES[command]
    width = max(len(line) for line, _ in shown)
    lines = [f"  {line:<{width}}  # {what}" for line, what in shown]
    return "\n".join(["\b", "Examples:", *lines])  # after \b, lines stay as they are
