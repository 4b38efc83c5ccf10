"""What may happen to the file of a bundle itself, and the code under which every verifier must refuse it."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable

from tests.audit.standalone.forging import a_forge, zipped


def _twice(bundle: bytes) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile says that it does what it is asked
        return zipped([("README.nl.txt", b"x"), ("README.nl.txt", b"x")])


def _packed_again(bundle: bytes) -> bytes:
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(bundle)) as old,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    return target.getvalue()


def _very_many(_bundle: bytes) -> bytes:
    return zipped((name, b"") for name in ("README.nl.txt", *(f"x/{at}" for at in range(65_600))))


def _said_to_be_compressed(bundle: bytes) -> bytes:
    method = bundle.rindex(b"PK\x01\x02") + 10
    return bundle[:method] + b"\x08" + bundle[method + 1 :]


def _misnamed(bundle: bytes) -> bytes:
    """In front of the member it is called otherwise than in the directory."""
    return bundle.replace(b"bundle.json{", b"bundel.json{", 1)


TORN: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("an empty file", lambda _: b"", "not_a_bundle"),
    ("no ZIP file", lambda _: b"PK" * 500, "not_a_bundle"),
    ("unpacked and packed again", _packed_again, "not_a_bundle"),
    ("cut off", lambda bundle: bundle[:-30], "zip_malformed"),
    ("only the end", lambda bundle: bundle[-22:], "not_a_bundle"),
    ("something in front", lambda bundle: b"#!/bin/sh\n" + bundle, "not_a_bundle"),
    ("something behind", lambda bundle: bundle + b"\n", "zip_malformed"),
    ("a comment", lambda _: zipped(a_forge(extra=2).members().items(), b"hello"), "zip_malformed"),
    ("a name twice", _twice, "zip_malformed"),
    ("a name with dots", lambda _: zipped([("../x", b"")]), "not_a_bundle"),
    ("a damaged README", lambda bundle: bundle.replace(b"NAKIJKEN", b"NAKIJKEM", 1), "zip_malformed"),
    ("another name in front of the member", _misnamed, "zip_malformed"),
    ("compressed, it says", _said_to_be_compressed, "zip_malformed"),
    ("another count", lambda bundle: bundle[:-12] + b"\x01\x00" + bundle[-10:], "zip_malformed"),
    ("very many members", _very_many, "file_missing"),
    ("no member at all", lambda _: zipped([]), "not_a_bundle"),
]  # fmt: skip
