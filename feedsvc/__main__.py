"""`python -m feedsvc` is the command `feedsvc`."""

from feedsvc.service.cli import main

main()
