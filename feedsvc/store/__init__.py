"""Stage 2: what the sources said and what we made of it. The only place that writes SQL."""

from feedsvc.store.database import Made, Record, Saved, Store

__all__ = ["Made", "Record", "Saved", "Store"]
