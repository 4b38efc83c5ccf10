"""How an entry stands in its log, for whoever shows it. Pure; finding it out is `line_proofs`."""

from __future__ import annotations

from typing import Literal

ProofState = Literal["proved", "pending", "failed"]
"""Shown by a signed head; covered by none yet; or it should have been, which is an alarm."""
