"""Feeds in every layout and format, byte for byte as agreed.

FEEDSVC_UPDATE_GOLDEN=1 makes what is rendered now the agreement; read the difference before you commit it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from publish.samples import GOLDEN
from publish.test_publish import PUBLISHED, SEEN, Site, article, failed, good, kept, output

from feedsvc.model import Enclosure, Layout, Passage, Source
from feedsvc.publish import Renderer

#: read before the fixtures take every FEEDSVC_ variable away
UPDATE_GOLDEN = os.environ.get("FEEDSVC_UPDATE_GOLDEN") == "1"
ARTICLES = (
    article(
        body='<p><img src="https://i.example/lead.jpg" alt=""></p><h2>小标题</h2>'
        '<p>第一段有<a href="https://a.example/" title="提示">链接</a>。<img src="https://i.example/2.png" alt="图片"></p>'
        "<ul><li>一</li><li><span>二</span><ul><li>三</li></ul></li></ul>"
        "<table><caption>表</caption><tr><td>甲 &amp; 乙</td><td>42</td></tr></table><pre>x &lt; 1</pre>",
        blocks=(
            good("Subheading"),
            good(
                'First paragraph with <a href="https://a.example/" title="提示">a link</a>.'
                '<img src="https://i.example/2.png" alt="图片">'
            ),
            good("one"),
            good("two"),
            good("three"),
            good("Table"),
            good("A &amp; B"),
            kept("42"),
        ),
        attributes=(good("hint"), good("picture")),
        categories=("国际", "COP31"),
        labels=(good("World"), kept("COP31")),
        authors=("李明", "A. O'Neil"),
        enclosures=(
            Enclosure(url="https://news.example/1.mp3", mime_type="audio/mpeg", length_bytes=12345),
            Enclosure(url="https://news.example/1.mp4", mime_type="video/mp4"),
        ),
        image_url="https://i.example/lead.jpg",
        changed_at=SEEN + timedelta(hours=1),
    ),
    article(
        "12345",
        title="只有一部分",
        headline=failed("只有一部分"),
        body="<p>好句。坏句。</p><p>坏句。</p>",
        blocks=(
            Passage(
                text='Good sentence. [not translated] <span lang="zh" dir="ltr">坏句。</span>',
                segments=(*good("Good sentence.", "好句。").segments, *failed("坏句。").segments),
            ),
            failed("坏句。"),
        ),
        link=None,
        published=PUBLISHED - timedelta(hours=1),
    ),
    article(
        "https://news.example/3",
        title="还在等",
        body='<p>还没有翻译。<a href="https://a.example/3">链接</a></p>',
        is_translated=False,
        link="https://news.example/3?a=1&b=2",
        published=None,
    ),
    article(
        "tag:news.example,2026:4",
        title="عنوان",
        language="ar",
        body="<p>مرحبا.</p><ul><li>نعم</li></ul>",
        blocks=(good("Hello.", "مرحبا."), good("yes", "نعم")),
        link="https://news.example/4",
        published=PUBLISHED - timedelta(days=1),
    ),
)


@pytest.mark.parametrize("how", Layout)
def test_feeds_are_byte_for_byte_as_agreed(
    tmp_path: Path, make_source: Callable[..., Source], how: Layout
) -> None:
    site = Site(tmp_path)
    site.sources = (make_source(kind="feed", location="https://news.example/rss"),)
    site.outputs = (output(how.value, layout=how),)
    for name, rendered in Renderer(site.config, site.states).output(site.outputs[0], ARTICLES).files.items():
        if UPDATE_GOLDEN:
            GOLDEN.mkdir(parents=True, exist_ok=True)
            (GOLDEN / name).write_bytes(rendered)
        assert rendered == (GOLDEN / name).read_bytes()
