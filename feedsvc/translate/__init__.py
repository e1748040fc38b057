"""Stage 3: entries → translations. Knows text and models, and nothing of feeds."""

from feedsvc.translate.glossary import Glossary
from feedsvc.translate.glossary import load as load_glossary
from feedsvc.translate.models import Models
from feedsvc.translate.translator import ArgosTranslator, Translator

__all__ = ["ArgosTranslator", "Glossary", "Models", "Translator", "load_glossary"]
