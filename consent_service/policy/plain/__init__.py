"""Policies in words for who reads no Cedar, made from the policies themselves so that both say the same.

`speakable` is what a policy may speak about, `words` what each of that is called in a language,
`sentences` turns an expression into sentences, and `explanation` a whole policy. Nothing here decides.
"""
