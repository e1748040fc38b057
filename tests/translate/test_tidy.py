from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.translate.tidy import as_title, begun, tidy

#: a narrow no-break space
N = "\u202f"

ENGLISH = [
    # full-width forms
    ("Hello，world。", "Hello, world."),
    ("First。Second！Third？", "First. Second! Third?"),
    ("He said：（“no”）；she left", "He said: (“no”); she left"),
    ("the film《War and Peace》and", "the film “War and Peace” and"),
    ("「Yes」, 『no』 and 【so on】", "“Yes”, ‘no’ and [so on]"),
    ("see（this）now", "see (this) now"),
    ("A、B、C", "A, B, C"),
    ("50 ％ of it", "50% of it"),
    ("on the 31th, 22th, 3th, 11th and 112th", "on the 31st, 22nd, 3rd, 11th and 112th"),
    ("Ａ１２ is", "A12 is"),
    ("１，０００ people", "1,000 people"),
    ("at 10：30, it was 3：1", "at 10:30, it was 3:1"),
    ("5～6 people", "5–6 people"),
    ("Joe・Biden", "Joe Biden"),
    ("full\u3000width  and \t wide", "full width and wide"),
    # spaces
    ("Hello , world !", "Hello, world!"),
    ("wait ... what ?!", "wait... what?!"),
    ("“ Stop ” ( now )", "“Stop” (now)"),
    ("Yes,no;so!What", "Yes, no; so! What"),
    ("$ 5 and 5 %", "$5 and 5%"),
    (" edges ", "edges"),
    # words cut by a tokeniser
    ("Biden ’s plan", "Biden’s plan"),
    ("it 's what they do n't want", "it's what they don't want"),
    ("the workers ’ union", "the workers’ union"),
    # doubled marks
    ("Done。.", "Done."),
    ("a,, b", "a, b"),
    ("U.S..", "U.S."),
    ("“It is so.”.", "“It is so.”"),
    ("What?.", "What?"),
    # ellipses and dashes
    ("wait……", "wait…"),
    ("wait . . .", "wait..."),
    ("so——he said", "so — he said"),
    ("BEIJING (Xinhua) -- Online", "BEIJING (Xinhua) — Online"),
    ("so--he said", "so — he said"),
    # quotation marks
    ('He said "yes" and " no ".', "He said “yes” and “no”."),
    ("\"He said 'no' to the workers' union,\" she said", "“He said ‘no’ to the workers' union,” she said"),
    ("\"He said 'no' to me,\" she said", "“He said ‘no’ to me,” she said"),
    ('the workers\' "union" in "2024"', "the workers' “union” in “2024”"),
    ("``Yes'' he said", "“Yes” he said"),
    # addresses
    ("https://x.example/a，and", "https://x.example/a, and"),
    ("see，https://x.example/a。It", "see, https://x.example/a. It"),
]

AS_IT_IS = [
    "3,475 people at 10:30",
    "1,2,3",
    "3 : 1",
    "see https://x.example/?id=5&a,b;c!d now",
    "mail a.b@x.example or see main.py in ../x",
    "the .NET framework rose .5 percent",
    "run --help now",
    "the ’90s of rock ’n’ roll",
    "the U.S. (and others), e.g. “this”",
    "J. K. Rowling, don't",
    "乔·拜登",
    "a fragment in lower case",
    'a 6" and a 7" pipe',
    "5'10\" tall",
    'He said: "Yes',
]

OTHERS = [
    ("fr", "Quoi ? Oui! Non; « mot »: 10:30", f"Quoi{N}? Oui{N}! Non{N}; «{N}mot{N}»{N}: 10:30"),
    ("fr", "Quoi ?! (non?)", f"Quoi{N}?! (non{N}?)"),
    ("fr", 'un "mot", 5 %', f"un «{N}mot{N}», 5 %"),
    ("fr", "《Le Monde》", f"«{N}Le Monde{N}»"),
    ("fr", "1\u202f234,5 à https://x.example/a:b", "1\u202f234,5 à https://x.example/a:b"),
    ("es", "¿Qué? ¡Sí! 5 %", "¿Qué? ¡Sí! 5 %"),
    ("de", "Er sagte „nein“ und ging.", "Er sagte „nein“ und ging."),
    ("de", 'Er sagte "nein" und „ ja “.', "Er sagte „nein“ und „ja“."),
    ("de", "Er sagte “nein”。", "Er sagte „nein“."),
    ("ru", 'Он сказал "да" и “нет”', "Он сказал «да» и «нет»"),
    ("ar", "نعم، لا؛ لماذا؟", "نعم، لا؛ لماذا؟"),
    ("fa", "نعم，لا ？", "نعم، لا؟"),
    ("ko", "《책》은，그", "《책》은, 그"),
    ("zh", " 你好，《世界》。 ", "你好，《世界》。"),
    ("zh", "你好, 世界(地球)大.", "你好，世界（地球）大。"),
    ("zh", "3.5倍,OK (a)", "3.5倍,OK (a)"),
    ("ja", "東京,大阪です.", "東京、大阪です。"),
    ("th", " สวัสดี, ครับ ", "สวัสดี, ครับ"),
]


@pytest.mark.parametrize(("text", "tidied"), ENGLISH)
def test_a_translation_gets_english_punctuation(text: str, tidied: str) -> None:
    assert tidy(text, "en") == tidied


@pytest.mark.parametrize("text", AS_IT_IS)
def test_what_is_right_already_is_left_alone(text: str) -> None:
    assert tidy(text, "en") == text


@pytest.mark.parametrize(("language", "text", "tidied"), OTHERS)
def test_a_translation_gets_the_punctuation_of_its_language(language: str, text: str, tidied: str) -> None:
    assert tidy(text, language) == tidied


LANGUAGES = st.sampled_from("en fr de ru es ar ko zh ja th".split())
TEXTS = st.lists(
    st.sampled_from(
        [
            *"ab1中に。，、！？：；（）“”‘’„«»《》「」『』〈.,!?:;()[]%'\"…—-～~$＄Ａ１·・/،؟\t\u3000\u00a0\u202f\ue000` ",
            *("https://x.example/a,b", "n't", " 's", "--", "``", "''", "...", "——"),
        ]
    ),
    max_size=14,
).map("".join)


@settings(derandomize=True, deadline=None)
@given(TEXTS, LANGUAGES)
def test_what_is_tidy_stays_so(text: str, language: str) -> None:
    once = tidy(text, language)
    assert tidy(once, language) == once


@settings(derandomize=True, deadline=None)
@given(TEXTS | st.text(max_size=20), LANGUAGES)
def test_no_letter_or_digit_is_lost(text: str, language: str) -> None:
    assert letters(tidy(text, language)) == letters(as_title(text)) == letters(text)


def letters(text: str) -> list[str]:
    return [c for c in unicodedata.normalize("NFKC", text) if c.isalnum()]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Biden meets Macron.", "Biden meets Macron"),
        ("China's economy grows 2.5%.", "China's economy grows 2.5%"),
        (
            "Mr. Smith and J. K. Rowling meet at 5 p.m. in the U.S. capital.",
            "Mr. Smith and J. K. Rowling meet at 5 p.m. in the U.S. capital",
        ),
        ("Version 2.0.", "Version 2.0"),
        ("Why? Because.", "Why? Because"),
    ],
)
def test_a_title_ends_without_the_full_stop_of_its_only_sentence(text: str, title: str) -> None:
    assert as_title(text) == title


@pytest.mark.parametrize(
    "title",
    [
        "Biden meets Macron",
        "Troops leave the U.S.",
        "At 5 p.m.",
        "Jobs at Apple Inc.",
        "Wait...",
        "Wait…",
        "Really?",
        "No!",
        "He came. She left.",
        "中国经济增长。",
        "Version 2.0",
        ".",
        "",
    ],
)
def test_a_title_keeps_what_is_no_full_stop_and_those_of_several_sentences(title: str) -> None:
    assert as_title(title) == title


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("stock market tanks", "Stock market tanks"),
        ("électricité", "Électricité"),
        ("iPhone sales fall", "iPhone sales fall"),
        ("Biden", "Biden"),
        ("“no”", "“No”"),
        ("<b>now</b> or never", "<b>Now</b> or never"),
        ("3 killed", "3 killed"),
        ("", ""),
    ],
)
def test_a_title_begins_with_a_capital(text: str, expected: str) -> None:
    assert begun(text) == expected
