"""The receipt of one signed sitting: what it says, as a record for machines and as paper."""
