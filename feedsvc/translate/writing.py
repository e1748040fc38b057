"""What the sentence splitter knows of languages: abbreviations, ordinals, words that begin sentences. Tables only.

Keys are the languages of BCP 47 tags; words are in small letters, without their full stop.
"""

from __future__ import annotations

import re


def _table(rows: dict[str, str]) -> dict[str, frozenset[str]]:
    return {language: frozenset(rows[tags].split()) for tags in rows for language in tags.split()}


#: languages that write `3.` for `3rd`, or `11. 20.` for a date
ORDINAL_STOPS = frozenset("az bs cs da de et eu fi hr hu is ko lb lv nb nn no pl sk sl sr tr".split())
#: abbreviations that capitals follow; lower case behind a full stop needs no entry
COMMON_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st mt sen rep gov pres gen adm col lt maj sgt capt cmdr rev hon jr sr vs inc ltd co corp bros "
    "mme mlle mgr mons sra dra".split()
)
ABBREVIATIONS = _table(
    {
        "be bg mk ru sr uk": "им ім ул вул бул пр просп пров пер пл наб обл инж акад проф доц ген св см див напр зам "
        "нач гг рр вв",
        "bn": "ডা মো",
        "ca es gl": "sres dña ud uds ee uu jj oo ej av avda sto sta lic ing gral cía",
        "cs sk": "ing mudr judr ul nám tř sv",
        "da nb sv": "hr fr",
        "de": "bzw bzgl vgl evtl ggf inkl bes bspw hr fr hl dipl ing geb gest mio mrd tsd std min abt ä",
        "el": "δρ αγ λεωφ",
        "en": "ave blvd rd",
        "fr": "mm mmes me pr ste av apr",
        "hi": "डॉ प्रो श्री पं मो रु बी सी डी एफ जी एच जे के एल एम एन पी आर एस टी वी",
        "hu": "ifj özv",
        "id ms": "drs dra ir hj jl tn ny bpk sdr pt kab kec kol jend brigjen mayjen letjen",
        "it": "sig sigg dott ssa avv ing on geom rag",
        "nl": "dhr mevr mw drs ir",
        "pl": "ul al pl os św inż hab np tzn ks im hr gm woj red min",
        "pt": "profa eng av sto sta exmo exma ltda cia dep pe",
        "ro": "dl dna",
        "tr": "doç av sn yrd mah cad sok",
        "vi": "tp ts ths gs pgs bs ks",
    }
)
#: abbreviations before a number: `No. 5`, but `No. He did not.`
BEFORE_NUMBERS = frozenset(
    "no nr nro núm č čís αρ pág pag blz str σελ pp art čl ст abs ust pkt poz bd vol kap cap chap гл fig abb рис табл "
    "tel тел τηλ кв корп руб грн мин ca ok env approx aprox бл ок kb godz kl rp jan feb mar apr jun jul aug sep sept "
    "oct okt nov dec dez".split()
)
#: words that begin a sentence even behind an abbreviation: no names, and no parts of names such as `Le`
BEGINNERS = _table(
    {
        "de": "der die das ein eine er sie es wir ich und aber doch im in am auf mit nach bei für so wie wenn als da "
        "dann dort auch nur nicht dies diese dieser sein seine ihr ihre heute jetzt",
        "el": "ο η το οι τα ένας μια αυτό αυτή στο στη στην στον σε με και για από όμως",
        "en": "the this that these those a an it he she they we you i his her its their there here in on at by for "
        "from with after before during since when while if as but and so yet however then now what who why how some "
        "many most both all no not one two another",
        "ca es gl": "el la los las un una ella ellos ellas y pero en con por según para este esta así hoy",
        "fr": "il elle ils elles on nous vous je ce cette ces c un une mais dans en au aux après avec pour selon",
        "it": "il i gli una ma nel nella e in con per secondo questo questa oggi",
        "nl": "het een hij zij wij dat dit er maar en",
        "pl": "on ona oni to w na i a po z za od do nie jak tak teraz potem dziś",
        "pt": "o a os as e um uma ele ela eles mas em na no nos nas com por para segundo este esta hoje",
        "ru": "он она они оно мы я это в на но и а по с за из для как так что потом затем теперь сейчас",
        "tr": "bu bir o ve ama ancak dün bugün şimdi",
        "uk": "він вона вони ми я це в у на але і й та а по з за із для як так що потім тепер зараз",
        "vi": "ông các những theo tại trong nhưng tuy khi đây đó họ một",
    }
)

#: what stands behind a quotation and belongs to it, where no lower case says so
ATTRIBUTIONS = {
    language: re.compile(pattern)
    for language, pattern in {
        "ar": r"\s*(?:قال|سأل|أجاب|أضاف|صرخ|هتف)ت?\b",
        "en": r"\s*(?:[A-Z][\w.’'-]+\s){1,3}(?:said|asked|added|told|wrote|replied|shouted|cried)\b",
        "fa": r"[^.!?؟]{1,40}(?:گفت|پرسید|افزود)\.",
        "he": r"\s*(?:אמר|שאל|השיב|צעק|הוסי)[הףופ]*\b",
        "hi": r"[^।.!?]{1,40}(?:कहा|पूछा|बताया)[^।.!?]{0,5}[।.]",
        "ja": r"と|って|など|なんて|の|は|が|を|に|も",
        "ko": r"[^.!?]{1,40}(?:말했|물었|밝혔|답했|전했|외쳤|설명했|강조했|덧붙였)(?:다|습니다)\.",
        "zh": r"的|是|之类|之類|[^，。！？：“「]{1,40}(?:(?<!小)[说說]|(?<!知)道|[问問喊吼骂叹嘆称稱]|[坦直]言|表示|指出|强调|強調|补充|補充|告[诉訴]"
        r"|回[答应應忆憶]|解[释釋]|介[绍紹]|呼[吁籲]|透露)[^，。！？：“「]{0,4}(?:[。！？]|，[“「])",
    }.items()
}
