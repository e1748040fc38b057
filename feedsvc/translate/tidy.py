"""Punctuation and spacing of a translation, as its language writes them. Pure."""

from __future__ import annotations

import re

from feedsvc import languages

_TO_WESTERN = str.maketrans(
    {
        "。": ". ", "，": ",", "、": ",", "！": "!", "？": "?", "：": ":", "；": ";", "（": "(", "）": ")",
        "【": "[", "】": "]", "《": "“", "》": "”", "〈": "‘", "〉": "’", "「": "“", "」": "”", "『": "‘", "』": "’",
        "％": "%", "～": "~", "　": " ", "・": "·",
    }
)  # fmt: skip


def tidy(text: str, target_language: str) -> str:
    """A translation with the punctuation of its language; others than those with spaces are left alone."""
    if not languages.is_spaced(target_language):
        return text.strip()
    text = text.translate(_TO_WESTERN)
    text = re.sub(r"\s+([,;:!?%)\]”]|\.(?!\w)|’(?!\d))", r"\1", text)
    text = re.sub(r"([(\[“‘])\s+", r"\1", text)
    text = re.sub(r"(\w+://\S+)|([,;!?])(?=[^\W\d_])", lambda m: m[1] or f"{m[2]} ", text)
    return re.sub(r"\s+", " ", text).strip()


def as_title(text: str) -> str:
    """A translated title: it ends without the full stop that models like to add."""
    is_only = re.sub(r"\d\.\d", "", text).count(".") == 1
    return text[:-1] if text.endswith(".") and is_only else text
