"""What is said, in Dutch and in English, by the code of what does not hold."""

from __future__ import annotations

ASKED_WRONGLY = {
    "unreadable", "not_a_bundle", "asked_key", "asked_pin", "asked_receipt", "asked_view_key", "usage",
    "no_room",
}  # fmt: skip
"""Codes of what lies in the question, not in the bundle."""

WRONG = {
    "zip_malformed": (
        "het bestand heeft niet de vorm van een pakket, of is beschadigd",
        "the file does not have the form of a bundle, or is damaged",
    ),
    "file_missing": ("er ontbreekt een bestand", "a file is missing"),
    "file_unexpected": ("er zit een bestand bij dat er niet hoort", "there is a file that does not belong"),
    "manifest_malformed": ("de inhoudsopgave heeft niet de goede vorm", "the table of contents is malformed"),
    "key_malformed": ("een sleutel heeft niet de goede vorm", "a key is malformed"),
    "note_malformed": ("een getekende stand heeft niet de goede vorm", "a signed head is malformed"),
    "head_differs": ("een getekende stand hoort hier niet", "a signed head does not belong here"),
    "head_unsigned": ("een stand is niet door dit logboek getekend", "a head is not signed by this log"),
    "cosignature_invalid": ("de handtekening van een getuige klopt niet", "a cosignature does not fit"),
    "entries_malformed": ("een bestand met regels is beschadigd", "a file of entries is damaged"),
    "leaf_malformed": ("een regel heeft niet de goede vorm", "an entry is malformed"),
    "leaf_misplaced": (
        "de tijd van een regel is niet die in haar kenmerk",
        "the time of an entry is not the one in its id",
    ),
    "leaf_backdated": (
        "een regel is veel ouder dan de regel ervoor",
        "an entry is much older than the one before it",
    ),
    "leaf_repeated": ("een regel staat er twee keer", "an entry stands there twice"),
    "leaf_differs": (
        "een regel is veranderd: zij geeft niet de uitkomst die van haar bewaard is",
        "an entry was changed: it does not give the hash that is stored of it",
    ),
    "tile_differs": (
        "de bewaarde uitkomsten volgen niet uit elkaar",
        "the stored hashes do not follow from each other",
    ),
    "root_differs": (
        "de regels geven niet de uitkomst die getekend is",
        "the entries do not give the root that was signed",
    ),
    "detail_malformed": ("geopende inhoud heeft niet de goede vorm", "opened content is malformed"),
    "detail_differs": (
        "geopende inhoud is niet die van haar regel",
        "opened content is not that of its entry",
    ),
    "detail_without_entry": ("er is inhoud zonder regel", "there is content without an entry"),
    "proof_malformed": ("een bewijs heeft niet de goede vorm", "a proof is malformed"),
    "proof_differs": ("een bewijs klopt niet", "a proof does not fit"),
    "timestamp_differs": ("een tijdstempel is van iets anders", "a time stamp is of something else"),
    "key_unannounced": (
        "een sleutel begon zonder dat het logboek het zegt",
        "a key began and the log does not say so",
    ),
    "key_retired": (
        "er is getekend met een sleutel die al vervangen was",
        "a key signed that had been replaced already",
    ),
    "log_unannounced": ("een logboek begon zonder te zeggen waarom", "a log began without saying why"),
    "log_missing": (
        "er ontbreekt een heel logboek; ze zijn genummerd vanaf 1",
        "a whole log is missing; they are numbered from 1",
    ),
    "pruning_unannounced": (
        "regels zijn weg zonder dat het logboek het zegt",
        "entries are gone and the log does not say so",
    ),
    "previous_differs": (
        "het vorige logboek was anders dan het nieuwe zegt",
        "the log before was not what the new one says",
    ),
    "tag_differs": (
        "een regel heeft niet het merk van wie haar mag zien",
        "an entry lacks the tag of who may see it",
    ),
    "released_missing": ("een vrijgegeven regel is er niet", "a released entry is not there"),
    "view_key_malformed": (
        "de inzagesleutel in het pakket heeft niet de goede vorm",
        "the view key in the bundle is malformed",
    ),
    "pin_foreign": ("de bewaarde stand is van een ander logboek", "the kept head is of another log"),
    "pin_unsigned": (
        "de bewaarde stand is niet door dit logboek getekend",
        "the kept head is not signed by this log",
    ),
    "pin_differs": (
        "het logboek had toen een andere uitkomst dan de bewaarde stand",
        "the log had another root then than the kept head",
    ),
    "pin_beyond": (
        "het logboek is korter dan de bewaarde stand: het einde is weg",
        "the log is shorter than the kept head: the end is gone",
    ),
    "receipt_differs": (
        "het logboek is niet dat van het ontvangstbewijs",
        "the log is not the one of the receipt",
    ),
    "key_unknown": (
        "de sleutel die u kent is er geen van dit logboek",
        "the key you know is not one of this log",
    ),
    "witness_missing": ("deze getuige tekende dit logboek niet", "this witness did not sign this log"),
    "not_a_bundle": (
        "dit is geen pakket, of het is opnieuw ingepakt; neem het ZIP-bestand zoals u het kreeg",
        "this is no bundle, or it was packed again; take the ZIP file as you got it",
    ),
    "unreadable": ("het bestand kan niet gelezen worden", "the file cannot be read"),
    "asked_key": (
        "een sleutel ziet eruit als naam+kenmerk+sleutel, op één regel",
        "a key looks like name+id+key, on one line",
    ),
    "asked_pin": (
        "een bewaarde stand is een bestand met herkomst, aantal en uitkomst",
        "a kept head is a file with origin, size and root",
    ),
    "asked_receipt": (
        "schrijf het aantal regels en de uitkomst, zoals op het ontvangstbewijs",
        "write the number of entries and the root, as on the receipt",
    ),
    "asked_view_key": (
        "een inzagesleutel is een bestand met één regel van 43 tekens",
        "a view key is a file with one line of 43 characters",
    ),
    "no_room": (
        "er is geen plaats voor een tijdelijk bestand op deze computer",
        "there is no room for a temporary file on this computer",
    ),
    "usage": ("zo kan het niet gevraagd worden; zie --help", "it cannot be asked like this; see --help"),
}

LIMITS_NL = (
    "Niet nagekeken: de tijdstempels (dat doet openssl), en van wie de sleutels zijn. Vergelijk de\n"
    "sleutels met wat u ergens anders kreeg, en geef een bewaarde stand (--pin) of ontvangstbewijs\n"
    "(--receipt) mee: zonder zulk houvast kan ook een heel ander logboek op zichzelf kloppen."
)
LIMITS_EN = (
    "Not checked: the time stamps (openssl does that), and whose keys these are. Compare the keys with\n"
    "what you got elsewhere, and give a kept head (--pin) or receipt (--receipt): without one of those\n"
    "an entirely different log may hold in itself too."
)

MONTHS = (
    ("januari", "January"), ("februari", "February"), ("maart", "March"), ("april", "April"),
    ("mei", "May"), ("juni", "June"), ("juli", "July"), ("augustus", "August"),
    ("september", "September"), ("oktober", "October"), ("november", "November"), ("december", "December"),
)  # fmt: skip

TOLD = {
    "good": (
        "GOED. Alles in dit pakket dat nagerekend kan worden, klopt.",
        "GOOD. Everything in this bundle that can be computed holds.",
    ),
    "bad": ("NIET GOED: {says} [{code}] {where}", "NOT GOOD: {says} [{code}] {where}"),
    "cannot": ("Kan niet: {says} [{code}] {where}", "Cannot: {says} [{code}] {where}"),
    "made": (
        "Gemaakt op {made} (dat zegt de inhoudsopgave, die niet getekend is).",
        "Made on {made} (says the table of contents, which is not signed).",
    ),
    "log": ("Logboek {number}: {origin}", "Log {number}: {origin}"),
    "size": (
        "  {size} regels, uitkomst {root}",
        "  {size} entries, root {root}",
    ),
    "checked": (
        "  {checked} regels nagerekend, {pruned} niet meer bewaard (alleen hun uitkomst).",
        "  {checked} entries computed, {pruned} no longer kept (only their hashes).",
    ),
    "key": (
        "  sleutel {number}, volgens de inhoudsopgave sinds {began}: {key}",
        "  key {number}, since {began} says the table of contents: {key}",
    ),
    "lost": (
        "  {count} regels van dit logboek gingen verloren toen de database werd teruggezet.",
        "  {count} entries of this log were lost when the database was put back.",
    ),
    "restored": (
        "  begonnen toen de database uit een reservekopie werd teruggezet",
        "  began when the database was put back from a backup",
    ),
    "compromised": (
        "  begonnen omdat de sleutel van het logboek ervoor in verkeerde handen kan zijn",
        "  began because the key of the log before may be in the wrong hands",
    ),
    "after_restored": (
        "  hierna verder in logboek {follower}, dat deze stand noemt: de database werd teruggezet",
        "  continued in log {follower}, which names this head: the database was put back",
    ),
    "after_compromised": (
        ("  GESLOTEN: zijn sleutel kan in verkeerde handen zijn. Verder in logboek {follower}; wat die\n"
        "  sleutel nadien nog tekent, telt niet"),
        ("  CLOSED: its key may be in the wrong hands. Continued in log {follower}; whatever that key signs\n"
        "  afterwards does not count"),
    ),
    "after_lost": (
        "  hierna verder in logboek {follower}",
        "  continued in log {follower}",
    ),
    "cosigned": (
        "  getuige {name} tekende {size} regels op {at}",
        "  witness {name} signed {size} entries at {at}",
    ),
    "not_cosigned": ("  geen getuige tekende dit logboek", "  no witness signed this log"),
    "stamped": (
        "  tijdstempel bij {size} regels; pak het pakket uit en doe in die map:",
        "  time stamp at {size} entries; unpack the bundle and do in that folder:",
    ),
    "closed": (
        ("LET OP: hier staan regels in die gesloten waren, voor rechter of toezicht. Geef dit pakket niet\n"
        "aan de mensen over wie het gaat."),
        ("MIND: this holds entries that were closed, for a court or the supervisor. Do not give it to the\n"
        "people it is about."),
    ),
    "of_the_log": (
        "Regels over het logboek zelf, geopend voor iedereen: {count}.",
        "Entries about the log itself, open to everybody: {count}.",
    ),
    "opened": (
        "Geopend en gelijk aan wat het logboek vastlegt: {count}.",
        "Opened and the same as what the log commits to: {count}.",
    ),
    "looks": (
        ("Gegevens gegeven over iemand voor wie u beslist, elk met een bewijs: {count}. Of er hiervan een\n"
        "ontbreekt, is niet na te gaan: deze regels dragen het merk van degene over wie ze gaan."),
        ("Information given about somebody you decide for, each with a proof: {count}. Whether one of\n"
        "these is missing cannot be checked: they carry the tag of whom they are about."),
    ),
    "found": (
        ("Met het merk van de inzagesleutel: {count}, waarvan {opened} geopend. Meer zijn er in deze\n"
        "logboeken niet."),
        "With the tag of the view key: {count}, of which {opened} opened. There are no more in these logs.",
    ),
    "other_key": (
        "  geen van de sleutels die u meegaf is van dit logboek: van wie het is, moet u anders weten",
        "  none of the keys you gave is of this log: whose it is you must know otherwise",
    ),
    "released": (
        "Later voor deze inzagesleutel vrijgegeven: {count}.",
        "Released to this view key later: {count}.",
    ),
    "entry": ("  {log}/{index}  {time}  {id}  {kind}", "  {log}/{index}  {time}  {id}  {kind}"),
    "unopened": ("(niet geopend)", "(not opened)"),
    "heads": ("Past bij wat u van elders hebt: {count} keer.",
              "Fits what you have from elsewhere: {count} times."),
    "limits": (LIMITS_NL, LIMITS_EN),
}  # fmt: skip
