"""Hostile HTML and feeds: well-formed documents with everything in them that parsers stumble over."""

from __future__ import annotations

from hypothesis import strategies as st

ORDINARY = (
    "a abbr article aside audio b bdi blockquote button caption center cite code dd del details div dl dt em "
    "fieldset figcaption figure font footer form h1 h2 h6 header hgroup i ins kbd label li main mark marquee menu "
    "nav nobr object ol p pre q ruby rp rt s section small span strong sub summary sup table tbody td tfoot th "
    "thead time tr tt u ul var video x-iframe x-y"
).split()
STRANGE = (
    "amp-img amp-youtube annotation annotation-xml applet base body caption col colgroup desc embed foreignObject "
    "frameset head html iframe image img input isindex keygen link listing math meta mglyph mi mtext noembed "
    "noframes noscript option param picture plaintext script select source style svg template textarea title "
    "track wbr x-math x-object xmp br hr"
).split()
SPACES = ["", " ", "\n", "\t", "\x0c", "\x00", "/", "\u00a0", "\u3000"]
NAMES = (
    "href src srcset data-src data-srcset style title alt onclick onerror class id width height srcdoc data "
    "data-videoid alttext encoding poster cite xlink:href dir lang data-fallback file type name ="
).split()
VALUES = [
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "java&#10;script:alert(1)",
    "&#106;avascript&colon;alert(1)",
    "\x01javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    f"data:image/png;base64,{'A' * 220}",
    "vbscript:x",
    "//x.example/",
    "../i.jpg?a=1&copy=2 1x, j.jpg 2x",
    "https://x.example/a b",
    "http://[bad",
    "https://x.example:99999999/",
    "//x.example:99999999/",
    "//1.2.3.999/",
    "//a b/",
    "https://xn--/",
    "#note",
    "?",
    "",
    "1",
    "display:none",
    "><script>alert(1)</script>",
    "</noscript><img src=x onerror=alert(1)>",
    "--><img src=x onerror=alert(1)>",
    "&lt;b&gt;",
    "&#0;&#x202e;",
    "\ud800",
    "\U0001f600",
]
WORDS = [
    "one",
    " two ",
    "三\n四",
    "&lt;script&gt;",
    "&amp;",
    "&nbsp;",
    "&#1;",
    "&#xD800;",
    "&notit;",
    "&",
    "<",
    ">",
    "\x00",
    "\x0b",
    "\u202e",
    "\ufeff",
    "\ud800",
    "\U0001fffe",
    "\r\n",
    "<br>",
    "<br/><br>",
    "]]>",
    "{{x}}",
]
ODD = [
    "<!--",
    "-->",
    "--!>",
    "<!-->",
    "<!DOCTYPE html>",
    "<![CDATA[",
    "<?xml ?>",
    "</",
    "<a",
    "<a href='",
    '<img alt="',
    "</p>",
    "</br>",
    "</table>",
    "</td>",
    "</svg>",
    "</math>",
    "</script>",
    "</style>",
    "</noscript>",
    "</iframe>",
    "</a>",
    "</form>",
    "</select>",
    "</template>",
]

attributes = st.lists(
    st.builds(
        lambda gap, name, is_set, quote, value: (
            f"{gap or ' '}{name}{f'={quote}{value}{quote}' if is_set else ''}"
        ),
        st.sampled_from(SPACES),
        st.sampled_from(NAMES),
        st.booleans(),
        st.sampled_from(["", '"', "'", "`"]),
        st.sampled_from(VALUES),
    ),
    max_size=3,
).map("".join)


def _element(tag: str, stated: str, inner: list[str], end: str) -> str:
    return f"<{tag}{stated}>{''.join(inner)}{end.replace('TAG', tag)}"


def _around(content: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    tags = st.sampled_from([*ORDINARY, *STRANGE]).flatmap(lambda t: st.sampled_from([t, t, t, t.upper()]))
    ends = st.sampled_from(["</TAG>", "</TAG>", "</TAG >", "", "/>"])
    return st.builds(_element, tags, attributes, st.lists(content, max_size=4), ends)


fragments = st.lists(
    st.recursive(st.sampled_from([*WORDS, *ODD]) | st.text(max_size=5), _around, max_leaves=15), max_size=6
).map("".join)


def _properly_around(content: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    ends = st.sampled_from(["</TAG>", "</TAG>", ""])
    return st.builds(
        _element, st.sampled_from(ORDINARY), st.just(""), st.lists(content, min_size=1, max_size=4), ends
    )


#: pictures (PICTURE) and links (LINK) to be numbered, in all kinds of elements that show what is in them
articles = st.lists(
    st.recursive(
        st.sampled_from([" one ", "PICTURE", "LINK", "<br>", "<hr>", "<img width=1 height=1 src=x>"]),
        _properly_around,
        max_leaves=15,
    ),
    max_size=6,
).map("".join)

_ITEM = {
    "rss": (
        "<item><title>{0}</title><link>https://news.example/{1}</link><guid>{1}</guid><pubDate>{2}</pubDate>"
        "<description>{0}</description><content:encoded>{0}</content:encoded><category>{1}</category>"
        '<enclosure url="{1}" type="image/png" length="1"/><media:content url="{1}" medium="image"/></item>'
    ),
    "atom": (
        '<entry xml:base="{1}"><title type="html">{0}</title><id>{1}</id><updated>{2}</updated><link href="{1}"/>'
        '<content type="html">{0}</content><summary type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{0}'
        "</div></summary><author><name>{1}</name></author></entry>"
    ),
    "rdf": "<item rdf:about='{1}'><title>{0}</title><link>{1}</link><dc:date>{2}</dc:date></item>",
    "json": '{{"id":"{1}","url":"{1}","title":"{1}","content_html":"{0}","date_published":"{2}","tags":["{1}"]}},',
}
_FEED = {
    "rss": '<?xml version="1.0" encoding="{1}"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/'
    'content/" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>x</title>{0}</channel></rss>',
    "atom": '<?xml version="1.0" encoding="{1}"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="zh">'
    "<title>x</title>{0}</feed>",
    "rdf": '<?xml version="1.0" encoding="{1}"?><rdf:RDF xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/'
    'dc/elements/1.1/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><channel/>{0}</rdf:RDF>',
    "json": '{{"version":"https://jsonfeed.org/version/1.1","title":"x","items":[{0}{{"id":"last"}}]}}',
}
_DATES = ["2026-11-20T12:00:00Z", "Fri, 20 Nov 2026 12:00:00 GMT", "0000-00-00", "99999999999", "昨天", ""]
_CHARSETS = ["utf-8", "utf-8", "gb18030", "iso-8859-1", "utf-16", "x-none", "utf-7"]


def _escaped(kind: str, way: int, fragment: str) -> str:
    if kind == "json":
        return fragment.replace("\\", "\\\\").replace('"', '\\"') if way else fragment
    if way == 0:
        return f"<![CDATA[{fragment}]]>"
    return fragment.replace("&", "&amp;").replace("<", "&lt;") if way < 3 else fragment


FORMATS = sorted(_ITEM)


def feed_of(kind: str, fragment: str) -> str:
    """A feed in one of FORMATS with one entry."""
    return _FEED[kind].format(_ITEM[kind].format(_escaped(kind, 1, fragment), "1", _DATES[0]), "utf-8")


@st.composite
def feeds(draw: st.DrawFn) -> bytes:
    """A feed with hostile contents, then cut, doubled or overwritten in places."""
    kind = draw(st.sampled_from(FORMATS))
    items = [
        _ITEM[kind].format(
            _escaped(kind, draw(st.integers(0, 3)), draw(fragments)),
            draw(st.sampled_from(["1", "urn:x", "//x", "a b", "&#1;", "javascript:x", "é", ""])),
            draw(st.sampled_from(_DATES)),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    charset = draw(st.sampled_from(_CHARSETS))
    document = _FEED[kind].format("".join(items), charset).encode("utf-8", "surrogatepass")
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(document)))
        until = draw(st.integers(at, min(len(document), at + 40)))
        piece = draw(st.sampled_from([b"", b"<", b"]]>", b"&", b"\x00", b"\xff\xfe", document[at:until] * 2]))
        document = document[:at] + piece + document[until:]
    return document
