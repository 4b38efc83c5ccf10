"""The command `consent-service`."""

from __future__ import annotations

import os
import sys

from consent_service.cli.entrance import run


def main() -> None:
    """Carry out the command line of this process; what it writes is for its own user only."""
    os.umask(0o077)
    sys.exit(run(sys.argv[1:], os.environ))


if __name__ == "__main__":
    main()
