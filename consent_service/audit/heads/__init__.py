"""Heads of the log outside the database, where whoever has it and the log key cannot reach them.

`known` keeps the newest head of every log in a file, since `beginning`; `witness` and `timestamps` have
others vouch for heads, `publishing` sees to it that they do, `kept` is what they answered. A database that is
behind a head known outside signs nothing more: what happened is found out, and `reopening` begins a new log
(`numbering` says whether the database can take one). `rotating` gives a log another key.
"""
