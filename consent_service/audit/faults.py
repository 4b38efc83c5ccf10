"""What can be wrong with a log, and between it and what was done, in the words people read.

Numbers are counted from 1, as people do ("nr."); files, proofs and the verifiers' codes count from 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consent_service.audit.describing import Sentence, say
from consent_service.audit.reconciling import Alone
from consent_service.audit.verify import BadEntry, What
from consent_service.foundation.i18n import N_, Translator

WRONG: Final[Mapping[What, str]] = {
    "leaf_changed": N_("de regel is gewijzigd nadat hij in het logboek kwam"),
    "leaf_missing": N_("de regel is weggehaald"),
    "leaf_malformed": N_("de regel heeft niet de vorm waarin regels geschreven worden"),
    "leaf_misplaced": N_("hier staat een andere regel, of de tijd klopt niet"),
    "leaf_backdated": N_("de regel zegt meer dan een dag ouder te zijn dan een regel ervoor"),
    "sequence_gap": N_("er is een nummer overgeslagen"),
    "detail_differs": N_("de inhoud hoort niet bij deze regel"),
    "detail_missing": N_("de inhoud is weggehaald, en geen verwijdering in het logboek verklaart dat"),
    "detail_shredded": N_("er is meer inhoud weg dan de verwijderingen in het logboek verklaren"),
    "erasure_undeclared": N_("de inhoud gaat niet meer open, en het logboek zegt niets van dat einde"),
    "erasure_unfounded": N_("er zou een verwijdering lopen die het logboek niet goedgekeurd noemt"),
    "erasure_unended": N_("een verwijdering is langer dan een uur bezig"),
    "tag_differs": N_("voor wie de regel bedoeld is, vindt hem niet met de eigen inzagesleutel"),
    "index_differs": N_("wie de regel zoekt, vindt hem niet zoals de inhoud zegt"),
    "detail_damaged": N_("de verzegelde inhoud is veranderd"),
    "attachment_differs": N_("wat bij de regel bewaard is, is veranderd of weggehaald"),
    "detail_without_entry": N_("er is inhoud zonder regel"),
    "entry_not_sequenced": N_("de regel kreeg nooit een plaats in het logboek"),
    "entry_repeated": N_("de regel heeft meer dan één plaats in het logboek"),
    "pruning_undeclared": N_("regels zijn niet bewaard, en het logboek zegt niets van dat opruimen"),
    "tile_differs": N_("een bewaarde tussenuitkomst klopt niet"),
    "tile_missing": N_("een bewaarde tussenuitkomst ontbreekt"),
    "root_differs": N_("de regels geven niet de uitkomst die getekend is"),
    "checkpoint_malformed": N_("een handtekening heeft niet de goede vorm"),
    "checkpoint_foreign": N_("een handtekening hoort bij een ander logboek"),
    "checkpoint_signature": N_("een handtekening is niet van dit logboek"),
    "checkpoint_beyond_log": N_("er is getekend voor meer regels dan er zijn: het einde is weg"),
    "key_undeclared": N_("er is een sleutel die het logboek niet onder de vorige sleutel aankondigt"),
    "key_retired": N_("er is getekend met een sleutel die al vervangen was"),
    "cosignature_unfit": N_("wat van een getuige bewaard is, tekende die niet, of er is geen stand bij"),
    "stamp_unfit": N_(
        "wat als tijdstempel bewaard is, is er geen van een stand die hier staat, of niet van een instantie "
        "uit timestamp_ca_file (laat daar ook vorige instanties in staan)"
    ),
    "not_signed": N_("deze regels zijn niet getekend"),
    "log_undeclared": N_("er is een nieuw logboek, en de eerste regel zegt niet waarom"),
    "pin_foreign": N_("de bewaarde stand is van een ander logboek"),
    "pin_beyond_log": N_("de bewaarde stand gaat over meer regels dan er zijn: het einde is weg"),
    "pin_differs": N_("de regels tot de bewaarde stand zijn niet die van toen"),
    "no_log": N_("er is geen logboek"),
}
ALONE: Final[Mapping[Alone, str]] = {
    "act_without_entry": N_("hier is iets gedaan of veranderd waarvan het logboek niets zegt"),
    "entry_without_act": N_("het logboek noemt iets dat nergens anders terug te vinden is"),
}


def describe_place(bad: BadEntry) -> Sentence | None:
    """Where it is wrong: the number of the log and of the entry in it; None where that says nothing."""
    if bad.seq is not None and bad.until is not None:
        return say(
            N_("Logboek {log}, nr. {first} tot en met {last}"),
            log=bad.log,
            first=bad.seq + 1,
            last=bad.until + 1,
        )
    if bad.seq is not None:
        return say(N_("Logboek {log}, nr. {number}"), log=bad.log, number=bad.seq + 1)
    if bad.entry:
        return say(N_("Een regel zonder nummer"))
    return None if bad.what == "no_log" else say(N_("Logboek {log}"), log=bad.log)


def describe_fault(bad: BadEntry, said: Translator) -> str:
    """One fault as one line: its place, the id of its entry, what is wrong.

    Args:
        said: the language it is said in.
    """
    place = describe_place(bad)
    named = f"({bad.entry})" if bad.entry else ""
    where = "" if place is None else said.text(place.msgid, **place.params)
    told = said.text(WRONG[bad.what])
    return f"{' '.join(part for part in (where, named) if part)}: {told}" if place else told
