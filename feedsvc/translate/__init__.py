"""Stage 3: entries → translations. Knows text and models, and nothing of feeds."""

from feedsvc.translate.engine import ArgosTranslator, Translator
from feedsvc.translate.models import Models

__all__ = ["ArgosTranslator", "Models", "Translator"]
