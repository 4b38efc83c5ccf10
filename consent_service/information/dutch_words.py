"""Word lists behind `information.detection`, written as regular-expression alternatives.

They err towards asking: a wrong question costs one tick, a missed address can cost a life.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NUMBER_WORDS: Final[dict[str, str]] = {
    word: str(digit)
    for words in (
        _words("nul een twee drie vier vijf zes zeven acht negen"),
        _words("nul één twee drie vier vijf zes zeven acht negen"),
        _words("zero one two three four five six seven eight nine"),
    )
    for digit, word in enumerate(words)
}

TWO_LETTER_WORDS: Final = frozenset(
    _words("""
    af al am an as at be bv by cl cm da de do dl dm dr du el en er et eu ex ga gb gr ha he ho ie if ik
    in is it ja je ka kb kg km kw la le li ma mb me mg ml mm mr ms mw my na nb no nr nu of oh ok om on
    op or os pa pc pm po re se so st ta te th to tv tw uk un up us uw vd vs wc we wk ze zn zo
    """)
)
"""What may follow four digits in small letters without being a postcode: words and units."""

STREET_ENDINGS: Final = _words(r"""
    straat str\.? straatje laan laantje plein kade gracht singel steeg plantsoen dreef boulevard allee
""")
"""Endings that are a street and nothing else."""

STREET_OR_SCENERY_ENDINGS: Final = _words("""
    weg pad hof hofje dijk baan park ring markt oever wal haven kamp akker veld burg berg brink erf
    hoeve horst donk meent zoom poort stede lei drift weide tuin passage hoek heide sloot vliet dam heuvel
""")
"""Endings that are a street only with something before them and a number behind them."""

NOT_A_STREET: Final = frozenset(
    _words("""
    achtertuin bouwhoek dierentuin fietspad fietsweg glijbaan halverwege heenweg huishoek ijsbaan
    kerstmarkt klimpark knuffelhoek leeshoek leerplein loopbaan luisterhoek moestuin omweg onderweg
    overweg poppenhoek pretpark rusthoek rijbaan rolbaan rommelmarkt rustplein schoolplein schooltuin
    sesamstraat skatebaan skatepark snelweg speelhoek speelpark speelplein speeltuin speelveld sportpark
    sportveld supermarkt taalhoek terugweg trapveld vakantiepark verkeersplein voetbalveld voortuin
    werkhoek werkplein winkelstraat zandhoek zebrapad
    """)
)
"""Ordinary words of school life that end like a street."""

UNITS: Final = _words("""
    min minuut minuten uur uren dag dagen week weken maand maanden jaar jaren keer maal kind kinderen
    leerlingen vriendjes vriendinnen vrienden m km meter kilometer euro stuks rondjes punten doelpunten
    ballen lessen minutes? hours? days? weeks? months? years? times children
""")
"""What makes the number before it a count and not a house number."""

DIAGNOSIS_STEMS: Final = _words(r"""
    adhd pdd ptss ptsd asperger autis dyslect dyslexi dyscalcul dyspraxi epilep diabet suikerziekte
    astma asthma bipolair borderline schizo psychos psychot psychiat depressi burn-?out hechtingsproble
    \w*stoornis \w*syndro diagnos gediagnos gehandicapt verstandelijk zwakbegaafd hoogbegaafd anorexi
    boulimi bulimi verslaafd verslaving alcohol drugs medicijn medicati ritalin concerta methylfenidaat
    risperidon melatonine antidepress emdr trauma getraumatiseerd zelfbeschadig zelfmoord suicid suïcid
    hiv disorder disabilit
""")
"""Beginnings of words for a disorder or its treatment."""

CAUSE_STEMS: Final = _words("""
    mishandel misbruik geweld huiselijk geslagen verwaarlo gevlucht verkracht aangerand bedreig gestalkt
    stalk blijf-?van-?mijn-?lijf vrouwenopvang vechtscheiding abuse violence
""")
"""Beginnings of words for why a child needs help; support advice says only what helps."""

DIAGNOSIS_ABBREVIATIONS: Final = _words("ADD ASS ODD CD OCD OCS DCD TOS LVB MCDD FAS NAH IQ")
