"""The demo: an invented shelter with its families, a login provider for this machine, and a scripted walk.

Everything is written through the services and asked through the pages, as people would. Nothing here
is used by an installation with real people in it.
"""
