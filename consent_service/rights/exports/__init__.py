"""The log as files in the forms that others read: Logboek Dataverwerkingen and NEN 7513.

Each file is a projection of entries; what is proved of the log itself leaves in a bundle, elsewhere.
"""
