"""feedsvc reads news feeds and folders, translates them on this machine, and publishes bilingual feeds."""

__version__ = "0.1.0"
