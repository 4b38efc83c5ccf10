"""The command `consent-service`."""

from __future__ import annotations

import os
import sys

from consent_service.cli.entrance import run
from consent_service.foundation.process_protection import protect_process


def main() -> None:
    """Carry out the command line of this process; what it writes and keeps in memory is for itself only."""
    os.umask(0o077)
    protect_process()
    sys.exit(run(sys.argv[1:], os.environ))


if __name__ == "__main__":
    main()
