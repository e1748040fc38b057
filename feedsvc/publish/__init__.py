"""Stage 4: entries and translations → feeds and pages. A pure function of the database, but for the writing."""

from feedsvc.publish.files import Folder
from feedsvc.publish.outputs import NAME, Renderer

__all__ = ["NAME", "Folder", "Renderer"]
