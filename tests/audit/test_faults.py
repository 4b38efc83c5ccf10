"""Every fault has its words, in every language, and says in which log and at which number, from 1."""

from __future__ import annotations

from typing import get_args

from consent_service.audit.faults import ALONE, WRONG, describe_fault
from consent_service.audit.reconciling import Alone
from consent_service.audit.verify import BadEntry, What
from consent_service.foundation.i18n import SUPPORTED, translator


def test_everything_that_can_be_wrong_has_its_words() -> None:
    assert WRONG.keys() == set(get_args(What))
    assert ALONE.keys() == set(get_args(Alone))
    assert len({*WRONG.values(), *ALONE.values()}) == len(WRONG) + len(ALONE)


def test_a_fault_says_where_it_is_as_people_count() -> None:
    nl, en = (translator(language) for language in SUPPORTED)
    for bad, dutch, english in (
        (BadEntry("leaf_missing", 0, "id"), "Logboek 1, nr. 1 (id): ", "Log 1, no. 1 (id): "),
        (BadEntry("leaf_missing", 4, log=2), "Logboek 2, nr. 5: ", "Log 2, no. 5: "),
        (
            BadEntry("leaf_missing", 4, "id", 9),
            "Logboek 1, nr. 5 tot en met 10 (id): ",
            "Log 1, nos. 5 to 10 (id): ",
        ),
        (
            BadEntry("leaf_missing", entry="id"),
            "Een regel zonder nummer (id): ",
            "An entry without a number (id): ",
        ),
        (BadEntry("leaf_missing", log=3), "Logboek 3: ", "Log 3: "),
    ):
        assert describe_fault(bad, nl) == f"{dutch}de regel is weggehaald"
        assert describe_fault(bad, en) == f"{english}{en.text(WRONG['leaf_missing'])}"
    assert describe_fault(BadEntry("no_log"), nl) == "er is geen logboek"
