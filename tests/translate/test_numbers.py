from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.translate.numbers import lost_numbers

SAME = [
    ("17.5万人", "175,000 people"),
    ("17.5万人", "175 thousand people"),
    ("3百万元", "3 million yuan"),
    ("3百万元", "3,000,000 yuan"),
    ("1.2亿人", "120 million people"),
    ("1.2亿美元", "$120m"),
    ("1.2億美元", "0.12 billion dollars"),
    ("1亿2000万人", "120 million people"),
    ("12万5千人", "125,000 people"),
    ("2千5百万人", "25 million people"),
    ("1万2千亿元", "1.2 trillion yuan"),
    ("500万零523票", "5,000,523 votes"),
    ("2万亿元", "2 trillion yuan"),
    ("3.5千亿元", "350 billion yuan"),
    ("140828万人", "1.40828 billion people"),
    ("30多万人", "more than 300,000 people"),
    ("20多人", "more than 20 people"),
    ("100余万人", "over 1 million people"),
    ("50万千瓦", "500,000 kilowatts"),
    ("50万千瓦", "500 megawatts"),
    ("90亿克朗", "9 billion kroner"),
    ("17.5 万人", "175,000 people"),
    ("500千伏", "500 kV"),
    ("100兆瓦", "100 megawatts"),
    ("5千米", "5 km"),
    ("100米", "100 m"),
    ("50㎡", "50 square metres"),
    # number words
    ("500万人", "five million people"),
    ("100万人", "a million people"),
    ("1万人", "ten thousand people"),
    ("250人", "two hundred and fifty people"),
    ("21人", "Twenty-one people"),
    ("40岁", "forty years old"),
    ("24人", "two dozen people"),
    ("12人", "a dozen people"),
    ("10年", "a decade"),
    ("100年", "a century"),
    ("50万人", "half a million people"),
    ("25万人", "a quarter of a million people"),
    ("150万人", "one and a half million people"),
    ("150万人", "a million and a half people"),
    ("1.5小时", "an hour and a half"),
    ("3年半", "three and a half years"),
    ("2.5小时", "2½ hours"),
    ("0人", "zero people"),
    ("0票反对", "none against"),
    ("1人死亡", "A man died"),
    ("1美元兑3500镑", "3,500 to the dollar"),
    ("阿波罗2号", "Apollo II"),
    # dates and times
    ("5月", "in May"),
    ("5月3日", "May 3"),
    ("5 月 3 日", "May 3"),
    ("9月5日", "Sept. 5"),
    ("1-10月", "January to October"),
    ("1-10月", "the first ten months"),
    ("5、6月", "May and June"),
    ("5个月", "five months"),
    ("９月３日", "September 3"),
    ("２０２６年", "2026"),
    ("2026-11-20", "November 20, 2026"),
    ("2026.11.20", "20 November 2026"),
    ("11/20", "Nov. 20"),
    ("am 20.11. in Bonn", "in Bonn on November 20"),
    ("20.11.2026", "November 20, 2026"),
    ("2021-2022学年", "the 2021–22 school year"),
    ("2021-2022学年", "from 2021 to 2022"),
    ("2021-22财年", "fiscal 2021/2022"),
    ("10:30", "10:30"),
    ("15时", "3 p.m."),
    ("15时", "15:00"),
    ("15时30分", "3:30 p.m."),
    ("下午3点", "15:00"),
    ("2时30分", "2.30am"),
    ("15.30 Uhr", "3:30 p.m."),
    ("24时", "midnight"),
    ("12时", "noon"),
    ("9秒77", "9.77 seconds"),
    ("3分51秒29", "3:51.29"),
    ("20世纪90年代", "the 1990s"),
    ("19世纪30年代", "the 1830s"),
    ("90年代", "the 1990s"),
    ("90年代", "the nineties"),
    ("20世纪90年代", "the 90s of the 20th century"),
    ("90后", "those born in the 1990s"),
    # parts and multiples
    ("2.5%", "2.5 percent"),
    ("50%", "half"),
    ("75%", "three quarters"),
    ("5‰", "0.5 percent"),
    ("5‰", "5 per thousand"),
    ("3成", "30 percent"),
    ("2/3", "two-thirds"),
    ("1/2", "half"),
    ("3/4", "three quarters"),
    ("25个基点", "a quarter of a percentage point"),
    ("1.5倍", "one and a half times"),
    ("1.5倍", "150 percent"),
    ("2倍", "doubled"),
    ("3倍", "tripled"),
    ("30倍", "thirtyfold"),
    ("8折", "20 percent off"),
    # ranges, rows and scores
    ("5至6人", "five or six people"),
    ("5-6万人", "50,000 to 60,000 people"),
    ("500万至600万人", "5 to 6 million people"),
    ("第1", "the first"),
    ("第5届", "the fifth"),
    ("第21届", "the 21st"),
    ("第22届", "the twenty-second"),
    ("第2个国家", "the second country"),
    ("2日", "on the second"),
    ("3比2", "3-2"),
    ("第49条第3款", "Article 49.3"),
    ("97%的人，97%", "97 percent"),
    # names
    ("G20峰会", "the G20 summit"),
    ("G20峰会", "the Group of 20"),
    ("iPhone16", "the iPhone 16"),
    ("COVID-19", "Covid-19"),
    ("电话010-8888 1234", "+86 10 8888 1234"),
    ("13800138000", "138 0013 8000"),
    # less than nothing
    ("零下5度", "minus 5 degrees"),
    ("零下5度", "5 degrees below zero"),
    ("-5℃", "−5°C"),
    ("下降5%", "-5%"),
    ("-5%", "fell by 5%"),
    # digits
    ("二十人", "20 people"),
    ("十几人，数十人", "many people"),
    ("２．５％", "2.5%"),
    ("３，４７５人", "3,475 people"),
    ("3，475人", "3,475 people"),
    ("3475人", "3,475 people"),
    ("3,475人", "3475 people"),
    ("3475人", "3 475 people"),
    ("100，200，300", "100, 200 and 300"),
    ("1,2,3号", "numbers 1, 2 and 3"),
    ("2.0版", "version 2"),
    ("2.0.1版", "version 2.0.1"),
    ("圆周率为3.1415", "pi is 3.1415"),
    ("50亿美元", "US$5bn"),
    ("500万美元", "$5mn"),
    # other languages
    ("3만 명", "30,000 people"),
    ("5만 3천 명", "53,000 people"),
    ("1억 2,000만 원", "120 million won"),
    ("1億2000万円", "120 million yen"),
    ("5 लाख लोग", "500,000 people"),
    ("1.5 लाख करोड़", "1.5 trillion"),
    ("५,२३४ लोग", "5,234 people"),
    ("12,34,567 लोग", "1,234,567 people"),
    ("5 crore rupees", "50 million rupees"),
    ("๓๔๗๕ คน", "3,475 people"),
    ("2 แสนล้าน", "200 billion"),
    ("3,5 Millionen", "3.5 million"),
    ("2 Billionen Euro", "2 trillion euros"),
    ("5 Mrd. Euro", "5 billion euros"),
    ("1.200,50 Euro", "1,200.50 euros"),
    ("1’234.5 Franken", "1,234.5 francs"),
    ("1 200 personnes", "1,200 people"),
    ("1\u202f234,5 euros", "1,234.5 euros"),
    ("5 миллиардов рублей", "5 billion roubles"),
    ("1,5 млн рублей", "1.5 million roubles"),
    ("5 mil millones", "5 billion"),
    ("٣٤٧٥ شخص", "3,475 people"),
    ("٥٫٢ في المئة", "5.2 percent"),
]

LOST = [
    ("17.5万人", "17,500 people", ["17.5万"]),
    ("3百万元", "3 thousand yuan", ["3百万"]),
    ("1.2亿人", "12 million people", ["1.2亿"]),
    ("1亿2000万人", "100 million people", ["1亿2000万"]),
    ("5万人", "5 people", ["5万"]),
    ("5人", "5 million people", ["5"]),
    ("5-6万人", "5 to 6 people", ["6万"]),
    ("100兆瓦", "100 million watts", ["100"]),
    ("2.5%", "25%", ["2.5"]),
    ("52%", "5.2%", ["52"]),
    ("0.25%", "025 percent", ["0.25"]),
    ("3成", "3 percent", ["3成"]),
    ("3,475人", "3,745 people", ["3,475"]),
    ("1,000人", "1.000 people", ["1,000"]),
    ("5月", "in June", ["5月"]),
    ("5月3日", "It may be 3 days", ["5月"]),
    ("5月5日", "in May", ["5"]),
    ("2026-11-20", "November 21, 2026", ["20"]),
    ("15时", "4 p.m.", ["15时"]),
    ("15时30分", "3:20 p.m.", ["30"]),
    ("90年代", "the 1980s", ["90年代"]),
    ("19世纪90年代", "the 1990s", ["90"]),
    ("21人", "20 people", ["21"]),
    ("2人", "the second man", ["2"]),
    ("3人死亡，3日", "three died", ["3"]),
    ("3比2", "3-1", ["2"]),
    ("1比0", "2-0", ["1"]),
    ("F-16战机", "F-15 fighters", ["F-16"]),
    ("H5N1病例", "cases of H5N2", ["H5N1"]),
    ("零下5度", "5 degrees", ["5"]),
    ("5度", "-5 degrees", ["5"]),
    ("13800138000", "138 0013 8001", ["13800138000"]),
    ("2026年11月20日", "November 2026", ["20"]),
    ("16人死亡，7人受伤", "Sixteen people died", ["7"]),
    ("16人死亡，7人受伤", "People died", ["16", "7"]),
    ("16人死亡，16人受伤，7人失踪", "16 died", ["7"]),
]

ENGLISH = [
    ("17.5万人", "175,000"),
    ("546.52万", "5.4652 million"),
    ("1.2亿", "120 million"),
    ("1亿2000万", "120 million"),
    ("127878亿", "12.7878 trillion"),
    ("90亿", "9 billion"),
    ("-5万", "50,000"),
    ("2026年", "2026"),
    ("3475人", "3475"),
    ("14422人", "14,422"),
    ("电话14422", "14422"),
    ("代码：600519", "600519"),
    ("01234567", "01234567"),
    ("13800138000", "13800138000"),
    ("２．５％", "2.5"),
    ("1.200,50 Euro", "1,200.50"),
    ("3成", "30 percent"),
    ("2.5成", "25 percent"),
    ("5月", "May"),
    ("5 月", "May"),
    ("20时", "8 p.m."),
    ("20时15分", "8:15 p.m."),
    ("9秒77", "9.77"),
    ("80年代", "1980s"),
    ("iPhone16", "iPhone16"),
    ("COVID-19", "COVID-19"),
    ("3D打印", "3D"),
]


@pytest.mark.parametrize(("source", "target"), SAME)
def test_a_number_may_be_written_in_another_way(source: str, target: str) -> None:
    assert lost_numbers(source, target, "en") == ()


@pytest.mark.parametrize(("source", "target", "lost"), LOST)
def test_a_number_of_another_value_is_lost(source: str, target: str, lost: list[str]) -> None:
    assert [found.term.source for found in lost_numbers(source, target, "en")] == lost


@pytest.mark.parametrize(("source", "english"), ENGLISH)
def test_a_lost_number_is_told_as_english_writes_it(source: str, english: str) -> None:
    assert lost_numbers(source, "nothing", "en")[0].term.target == english


def test_a_lost_number_is_told_with_its_place() -> None:
    (month, people) = lost_numbers("去年5月有17.5万人", "people", "en")
    assert (month.start, month.end, people.start, people.end) == (2, 4, 5, 10)


def test_decimals_and_groups_are_those_of_the_target_language() -> None:
    assert not lost_numbers("1,200.5人", "1.200,5 Personen", "de")
    assert not lost_numbers("1,200.5人", "1 200,5 personnes", "fr")
    assert lost_numbers("1,200.5人", "1.200,5 people", "en")
    assert lost_numbers("1,200.5人", "1.300,5 Personen", "de")


def test_in_another_language_than_english_a_small_number_may_be_a_word() -> None:
    assert not lost_numbers("5月有3人", "drei Personen im Mai", "de")
    assert lost_numbers("5.2%", "fünf Prozent", "de")
    assert lost_numbers("55人", "Personen", "de")


TEXTS = st.lists(
    st.sampled_from(
        [*"0159,.，'’ /-–%‰:()成倍折年月日时分秒万亿千百半个第零下٣५Akm\u202f", "世纪", "年代", "1" * 40]
    ),
    max_size=14,
).map("".join)


@settings(derandomize=True, deadline=None)
@given(TEXTS, st.sampled_from(["en", "de", "zh", "th"]))
def test_a_text_has_its_own_numbers(text: str, language: str) -> None:
    assert lost_numbers(text, text, language) == ()


@settings(derandomize=True, deadline=None)
@given(TEXTS, TEXTS)
def test_what_is_lost_is_in_the_source(source: str, target: str) -> None:
    for found in lost_numbers(source, target, "en"):
        assert source[found.start : found.end] == found.term.source != ""
        assert found.term.target
