"""Stage 2: what the sources said and what we made of it. The only place that writes SQL."""

from feedsvc.store.database import Made, Record, Store, Waiting
from feedsvc.store.leases import OnWait
from feedsvc.store.said import Saved
from feedsvc.store.shown import Key, Place, Publication

__all__ = ["Key", "Made", "OnWait", "Place", "Publication", "Record", "Saved", "Store", "Waiting"]
