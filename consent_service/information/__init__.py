"""What may be shared at all: the catalogue of information types, its content rules and its texts.

Everything is read once from the policies folder into frozen structs. Who said yes is `consent`, who
may see it now is `policy`, the values themselves are `records`.
"""
