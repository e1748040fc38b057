"""Stage 3: entries → translations. Knows text and models, and nothing of feeds."""

from feedsvc.translate.models import Models
from feedsvc.translate.translator import ArgosTranslator, Translator

__all__ = ["ArgosTranslator", "Models", "Translator"]
