"""What is said of outputs, and of serving them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from configurations import DEFAULTS, ONE_SOURCE, Load, Problems

from feedsvc.config import Config
from feedsvc.errors import ConfigError
from feedsvc.model import Filters, Layout, TitleLayout


def test_each_source_has_an_output_of_its_own_id(load: Load) -> None:
    config = load(ONE_SOURCE + '[[sources]]\nid = "articles"\nfolder = "x"\n[[outputs]]\nslug = "all"\n')
    assert [(o.slug, o.source_ids) for o in config.outputs] == [
        ("all", ("news", "articles")),
        ("news", ("news",)),
        ("articles", ("articles",)),
    ]


def test_an_output_may_take_the_id_of_a_source(load: Load) -> None:
    (output,) = load(ONE_SOURCE + '[[outputs]]\nslug = "news"\ntitle = "News"\nsources = ["news"]\n').outputs
    assert output.title == "News"


def test_outputs_choose_sources_by_pattern_in_their_order(load: Load) -> None:
    sources = "".join(f'[[sources]]\nid = "{i}"\nfolder = "{i}"\n' for i in ("zh-b", "en-a", "zh-a", "x"))
    outputs = '[[outputs]]\nslug = "zh"\nsources = ["zh-*"]\n[[outputs]]\nslug = "two"\nsources = ["x", "?n-a", "x"]\n'
    made = {o.slug: o.source_ids for o in load(sources + outputs).outputs}
    assert made["zh"] == ("zh-b", "zh-a")
    assert made["two"] == ("en-a", "x")


def test_an_output_looks_like_its_only_source(load: Load) -> None:
    config = load(
        DEFAULTS + ONE_SOURCE + 'layout = "original"\nmax_entries = 3\n[[outputs]]\nslug = "copy"\n'
    )
    assert {(o.slug, o.layout, o.title_layout, o.max_entries) for o in config.outputs} == {
        ("copy", Layout.ORIGINAL, TitleLayout.ORIGINAL_FIRST, 3),
        ("news", Layout.ORIGINAL, TitleLayout.ORIGINAL_FIRST, 3),
    }


def test_an_output_of_several_sources_looks_like_the_defaults(load: Load) -> None:
    config = load(
        DEFAULTS
        + ONE_SOURCE
        + 'layout = "original"\n[[sources]]\nid = "b"\nfolder = "b"\nlayout = "original"\n'
        + '[[outputs]]\nslug = "all"\n[[outputs]]\nslug = "own"\nlayout = "interleaved"\nmax_entries = 9\n'
    )
    made = {o.slug: (o.layout, o.max_entries) for o in config.outputs}
    assert made["all"] == (Layout.TRANSLATION, 7)
    assert made["own"] == (Layout.INTERLEAVED, 9)


@pytest.mark.parametrize(
    ("written", "listen"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("[::1]:80", ("::1", 80)),
        ("localhost:0", ("localhost", 0)),
        ("0.0.0.0:65535", ("0.0.0.0", 65535)),
    ],
)
def test_the_server_listens_at_a_host_and_port(written: str, listen: tuple[str, int], load: Load) -> None:
    assert load(f'[server]\nlisten = "{written}"\n').listen == listen


@pytest.mark.parametrize(
    "written", ['"8080"', '":8080"', '"localhost"', '"localhost:65536"', '"a b:80"', "8080"]
)
def test_what_is_no_host_and_port_is_an_error(written: str, problems: Problems) -> None:
    (problem,) = problems(f"[server]\nlisten = {written}\n")
    assert problem == 'server.listen: must be "host:port", such as "127.0.0.1:8080"'


def test_a_server_table_alone_means_this_machine(load: Load) -> None:
    assert load("[server]\n").listen == ("127.0.0.1", 8080)


def test_hubs_are_each_told_once(load: Callable[[str], Config]) -> None:
    assert load("").hubs == ()
    assert load('[service]\nhubs = ["https://a.example/", "https://a.example/"]\n').hubs == (
        "https://a.example/",
    )


@pytest.mark.parametrize("hub", ["hub.example", "https://me:secret@hub.example/", "https://hub.example/#a"])
def test_what_cannot_be_a_hub_is_named(load: Callable[[str], Config], hub: str) -> None:
    with pytest.raises(ConfigError, match=r"service\.hubs\[0\]: .* must start with http"):
        load(f'[service]\nhubs = ["{hub}"]\n')


def test_an_output_has_filters(load: Load) -> None:
    output = (
        '[[outputs]]\nslug = "some"\ninclude = ["economy", " 经济 "]\nexclude = ["x"]\ncategories = ["World"]\n'
        'exclude_categories = ["Sport"]\nlanguages = ["ZH_hant"]\n'
    )
    some, own = load(ONE_SOURCE + output).outputs
    assert some.filters == Filters(
        include=("economy", "经济"),
        exclude=("x",),
        categories=("World",),
        exclude_categories=("Sport",),
        languages=("zh-Hant",),
    )
    assert own.filters == Filters()


@pytest.mark.parametrize(
    ("filters", "problem"),
    [
        ('include = ["a", " "]', "outputs[0].include[1]: must be a word, or several on one line"),
        ('exclude = ["a\\nb"]', "outputs[0].exclude[0]: must be a word, or several on one line"),
        ('categories = "World"', "outputs[0].categories: must be a list in brackets"),
        ('languages = ["klingon?"]', 'outputs[0].languages[0]: "klingon?" is not a language tag'),
    ],
)
def test_filters_that_cannot_be_are_named(load: Load, filters: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(ONE_SOURCE + f'[[outputs]]\nslug = "some"\n{filters}\n')
    assert problem in str(caught.value)


def test_an_output_is_not_called_like_an_archive(load: Load) -> None:
    with pytest.raises(ConfigError, match='"world-archive-2026-11-28" ends like the name of an archive'):
        load(ONE_SOURCE + '[[outputs]]\nslug = "world-archive-2026-11-28"\n')
