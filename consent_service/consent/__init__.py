"""What parents and children decided: an insert-only ledger, folded into standing answers.

Says who answered what, when and how. Whether that is enough to release anything is `policy`.
"""
