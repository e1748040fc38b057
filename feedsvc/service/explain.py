"""Why an entry is in the feeds or not, and what became of each of its sentences; as plain data."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from feedsvc import translating
from feedsvc.config import Config
from feedsvc.errors import ConfigError
from feedsvc.model import Filters, OutputFeed, Segment, Source, Translation, Verdict
from feedsvc.selection import LOOK_BACK, Selection, select
from feedsvc.store import Record, Store
from feedsvc.translate import Glossary, Translator
from feedsvc.translate.article import NO_GLOSSARY
from feedsvc.translate.glossary import missing


def explain_source(config: Config, store: Store, translator: Translator, source_id: str) -> dict[str, Any]:
    """What the source fails of, and its entries, newest first, with their state in one sentence. Raises: ConfigError."""
    source = _source(config, source_id)
    context = _Context(config, store, translator, source)
    return {
        "source": source_id,
        "problems": list(store.states([source_id])[source_id].problems),
        "entries": [context.brief(record) for record in context.records],
    }


def explain_entry(
    config: Config, store: Store, translator: Translator, source_id: str, guid: str
) -> dict[str, Any]:
    """One entry, found by its guid, link, or a part of its title, in all detail. Raises: ConfigError."""
    source = _source(config, source_id)
    context = _Context(config, store, translator, source)
    return context.detail(_record(context.records, source_id, guid))


def _source(config: Config, source_id: str) -> Source:
    for source in config.sources:
        if source.id == source_id:
            return source
    known = ", ".join(source.id for source in config.sources)
    raise ConfigError(config.path, [f'there is no source "{source_id}"; there are: {known}'])


def _record(records: list[Record], source_id: str, guid: str) -> Record:
    exact = [r for r in records if guid in (r.entry.guid, r.entry.link)]
    alike = [r for r in records if guid.casefold() in _titles(r).casefold()]
    found = exact or alike
    if len(found) == 1:
        return found[0]
    if not found:
        raise ConfigError(
            None, [f'no entry of "{source_id}" has the guid or link {guid}, or a title with that in it']
        )
    shown = [f"    {r.entry.guid}  {_titles(r).splitlines()[-1]}" for r in found[:5]]
    raise ConfigError(
        None, [f'{len(found)} entries of "{source_id}" have that; name one by its guid:', *shown]
    )


def _titles(record: Record) -> str:
    """The title, and on a line of its own its translation."""
    return "\n".join([record.entry.title, *([record.translation.title.text] if record.translation else [])])


class _Context:
    """What the answers for the entries of one source have in common."""

    def __init__(self, config: Config, store: Store, translator: Translator, source: Source) -> None:
        self._config = config
        glossaries, unreadable = translating.glossaries(config)
        self._glossary: Glossary = glossaries.get(source.id, NO_GLOSSARY)
        self.records = store.records(source.id, config.target_language)
        self._better = {
            waiting.guid for waiting in translating.outdated(config, store, translator, [source], glossaries)
        }
        self._stuck = [
            f.reason for f in translating.backlog(config, store, translator) if f.source_id == source.id
        ]
        if source.id in unreadable:
            self._stuck.append(unreadable[source.id])
        self._outputs = [output for output in config.outputs if source.id in output.source_ids]
        #: for each output, what it holds
        self._chosen = {o.slug: select(o, store, config.target_language) for o in self._outputs}
        self._held = {slug: _held(chosen) for slug, chosen in self._chosen.items()}

    def brief(self, record: Record) -> dict[str, Any]:
        """An entry in a line."""
        made = record.translation
        return {
            "guid": record.entry.guid,
            "title": record.entry.title,
            "translated_title": made.title.text if made else None,
            "dated_at": record.dated_at.isoformat(),
            "state": self._state(record),
            "outputs": self._in(record),
            "verdicts": _verdicts(made) if made else {},
        }

    def detail(self, record: Record) -> dict[str, Any]:
        """An entry with its sentences that are not simply good, and what the glossary did."""
        entry, made = record.entry, record.translation
        segments = [s for passage in made.passages for s in passage.segments] if made else []
        return self.brief(record) | {
            "link": entry.link,
            "language": entry.language,
            "published": entry.published.isoformat() if entry.published else None,
            "first_seen_at": record.first_seen_at.isoformat(),
            "changed_at": record.changed_at.isoformat() if record.changed_at else None,
            "engine": made.engine if made else None,
            "not_in": [
                f"{output.slug}: {self._why_not(record, output)}"
                for output in self._outputs
                if output.slug not in self._in(record) and (made or record.released_at)
            ],
            "sentences": [
                {"verdict": s.verdict.value, "source": s.source, "shown": s.target}
                for s in dict.fromkeys(segments)
                if s.verdict not in (Verdict.GOOD, Verdict.KEPT)
            ],
            "terms": self._terms(segments),
        }

    def _state(self, record: Record) -> str:
        until = record.first_seen_at + self._config.publish_after
        if record.translation and not record.is_current:
            return "its new revision waits for translation; the older one is shown"
        if record.translation and record.entry.guid in self._better:
            return "translated; waits to be translated again, with the present model and glossary"
        if record.translation:
            return "translated"
        why = f": {'; '.join(self._stuck)}" if self._stuck else ""
        if record.released_at:
            return (
                f"waits for its translation, shown in the original since {_minute(record.released_at)}{why}"
            )
        return f"waits for its translation, will be shown in the original from {_minute(until)}{why}"

    def _in(self, record: Record) -> list[str]:
        key = (record.entry.source_id, record.entry.guid)
        return [slug for slug, held in self._held.items() if key in held]

    def _why_not(self, record: Record, output: OutputFeed) -> str:
        """Why an output does not hold an entry that is published."""
        key = (record.entry.source_id, record.entry.guid)
        chosen = self._chosen[output.slug]
        if why := chosen.refused.get(key):
            return why
        if twin := chosen.twins.get(key):
            other = twin.entry
            return f"it is the same article as {other.guid} of {other.source_id}, which was seen before"
        if output.filters != Filters() and len(chosen.articles) < output.max_entries:
            return f"it looks through the newest {output.max_entries * LOOK_BACK}"
        return f"it holds the newest {output.max_entries}"

    def _terms(self, segments: list[Segment]) -> list[dict[str, Any]]:
        """Each term of the glossary in the entry, and in how many of its sentences it is and is not."""
        have: Counter[tuple[str, str]] = Counter()
        lack: Counter[tuple[str, str]] = Counter()
        for segment in segments:
            found = self._glossary.find(segment.source) if segment.is_translated else ()
            absent = missing(found, segment.target)
            for term in found:
                key = (term.term.source, term.term.target)
                (lack if term in absent else have)[key] += 1
        return [
            {"source": key[0], "target": key[1], "kept": have[key], "missing": lack[key]}
            for key in sorted(have.keys() | lack.keys())
        ]


def _held(chosen: Selection) -> set[tuple[str, str]]:
    """Source and guid of what an output holds."""
    return {(article.entry.source_id, article.entry.guid) for article in chosen.articles}


def _verdicts(made: Translation) -> dict[str, int]:
    counts = Counter(s.verdict.value for passage in made.passages for s in passage.segments)
    return {verdict.value: counts[verdict.value] for verdict in Verdict if counts[verdict.value]}


def _minute(when: datetime) -> str:
    return when.isoformat(timespec="minutes").replace("T", " ")
