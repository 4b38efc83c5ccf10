"""The other process in which `bundle.check_candidate` looks at proposed policies.

`python -m consent_service.policy.candidate FOLDER` writes the problems as JSON. If the parser dies on the
text, only this process does.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from consent_service.information.blocks import BlocksError
from consent_service.information.catalogue import load_catalogue
from consent_service.policy.coverage import check_bundle
from consent_service.policy.reasons import PolicyProblem


def problems_of(folder: Path) -> tuple[PolicyProblem, ...]:
    """All problems of the folder, those of its catalogue first."""
    try:
        catalogue = load_catalogue(folder)
    except BlocksError as error:
        return tuple(
            PolicyProblem(f"information_types.toml {problem.block}", "catalogue", problem.wrong)
            for problem in error.problems
        )
    return check_bundle(folder, catalogue=catalogue)


def main(arguments: list[str]) -> None:
    """Print the problems of the one folder that is named."""
    (folder,) = arguments
    sys.stdout.buffer.write(msgspec.json.encode(problems_of(Path(folder))))


if __name__ == "__main__":
    main(sys.argv[1:])
