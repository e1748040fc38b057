from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.errors import ParseError
from feedsvc.ingest.encoding import decode

#: what is written in each encoding
TEXTS = {
    "gb18030": "中国外交部发言人星期三表示，两国代表团将于下周在北京举行会谈，讨论贸易和气候问题。",
    "big5": "外交部發言人星期三表示，兩國代表團將於下週在臺北舉行會談，討論貿易和氣候問題。",
    "shift_jis": "外務省の報道官は水曜日、両国の代表団が来週東京で会談し、貿易と気候の問題について話し合うと述べた。",
    "euc_jp": "外務省の報道官は水曜日、両国の代表団が来週東京で会談し、貿易と気候の問題について話し合うと述べた。",
    "euc_kr": "외교부 대변인은 수요일에 양국 대표단이 다음 주 서울에서 회담을 열 것이라고 밝혔다.",
    "windows-1250": "Žluťoučký kůň úpěl ďábelské ódy a příšerně řval na celý širý kraj.",
    "windows-1251": "Представитель министерства сообщил в среду, что делегации двух стран встретятся на неделе.",
    "koi8-r": "Представитель министерства сообщил в среду, что делегации двух стран встретятся на неделе.",
    "windows-1252": "L’été dernier, la région a connu des températures élevées : « du jamais vu » — 40 °C.",
    "windows-1253": "Ο εκπρόσωπος του υπουργείου δήλωσε την Τετάρτη ότι οι αντιπροσωπείες θα συναντηθούν.",
    "windows-1254": "Hükümetin açıkladığı yeni düzenleme, önümüzdeki günlerde yürürlüğe girecek.",
    "windows-1255": "דובר המשרד אמר ביום רביעי כי המשלחות ייפגשו בשבוע הבא.",
    "windows-1256": "قال المتحدث باسم الوزارة يوم الأربعاء إن الوفدين سيجتمعان الأسبوع المقبل.",
    "windows-874": "โฆษกกระทรวงกล่าวเมื่อวันพุธว่าคณะผู้แทนจะพบกันในสัปดาห์หน้า",
    "iso-8859-2": "Rząd ogłosił w środę, że nowe przepisy wejdą w życie już w przyszłym tygodniu.",
    "iso-8859-6": "قال المتحدث باسم الوزارة يوم الأربعاء إن الوفدين سيجتمعان الأسبوع المقبل.",
    "iso-8859-7": "Ο εκπρόσωπος του υπουργείου δήλωσε την Τετάρτη ότι οι αντιπροσωπείες θα συναντηθούν.",
    "utf-8": "中国外交部发言人星期三表示 — L’été dernier. Представитель министерства сообщил.",
}


def document(text: str, label: str | None) -> str:
    prologue = f'<?xml version="1.0" encoding="{label}"?>' if label else ""
    return f"{prologue}<rss><channel><title>{text}</title><description>{text}</description></channel></rss>"


def encoded(text: str, encoding: str) -> bytes:
    return text.encode({"windows-874": "cp874"}.get(encoding, encoding))


@pytest.mark.parametrize("encoding", TEXTS)
def test_what_is_claimed_rightly_is_read(encoding: str) -> None:
    stated = document(TEXTS[encoding], encoding)
    assert decode(encoded(stated, encoding)).text == stated
    unstated = document(TEXTS[encoding], None)
    header = f'application/xml; charset="{encoding.upper()}"'
    assert decode(encoded(unstated, encoding), header).text == unstated


@pytest.mark.parametrize(
    "claimed", ["utf-8", "iso-8859-1", "gbk", "shift_jis", "windows-1251", "us-ascii", "utf-16", "none", None]
)
@pytest.mark.parametrize("encoding", TEXTS)
def test_what_is_claimed_wrongly_is_read_rightly_or_not_at_all(encoding: str, claimed: str | None) -> None:
    text = document(TEXTS[encoding], claimed)
    try:
        found = decode(encoded(text, encoding)).text
    except ParseError as error:
        assert claimed is None or claimed in str(error)
    else:
        assert found == text


@pytest.mark.parametrize(
    ("bom", "codec"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_bom_is_certain_and_no_part_of_the_text(bom: bytes, codec: str) -> None:
    text = document("中文", "gbk")
    assert decode(bom + text.encode(codec), "text/xml; charset=iso-8859-1").text == text


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "shift_jis", "euc_kr", "big5"])
def test_a_document_that_ends_in_a_character_is_cut_not_wrong(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><rss>' + "日本" * 20
    decoded = decode(text.encode(encoding)[:-1])
    assert (decoded.text, decoded.is_cut) == (text[:-1], True)


def test_few_broken_bytes_of_utf_8_are_gaps_and_named() -> None:
    body = document("中" * 60 + "@@", "utf-8").encode().replace(b"@", b"\xff")
    decoded = decode(body)
    assert decoded.text.count("\ufffd") == 4
    assert decoded.problem == "characters that are not UTF-8, 4 in number, are shown as \ufffd"


def test_a_doubt_names_the_claim_and_the_byte() -> None:
    body = b'<?xml version="1.0" encoding="gb2312"?><a>' + bytes([0x81, 0x20] * 40)
    with pytest.raises(ParseError) as caught:
        decode(body, "text/xml; charset=EUC-JP")
    assert str(caught.value) == (
        "the HTTP header says that the document is EUC-JP, but its byte 42 (0x81) does not fit"
    )


@pytest.mark.parametrize("label", ["utf-7", "rot13", "base64", "idna", "unicode_escape", "../x"])
def test_what_is_no_encoding_of_text_is_not_tried(label: str) -> None:
    body = f'<?xml version="1.0" encoding="{label}"?>+ADw-a+AD4-'.encode()
    assert decode(body).text == body.decode()


@given(st.binary(max_size=200), st.sampled_from(["", "text/xml; charset=gbk", "text/xml; charset=big5"]))
def test_any_bytes_are_a_text_or_an_error(body: bytes, content_type: str) -> None:
    try:
        assert isinstance(decode(body, content_type).text, str)
    except ParseError as error:
        assert str(error)
