"""The exit: the only way by which data leaves, to a school, to the shelter or to a guardian.

Every page, list, count, export or message that shows something about a child comes through here.
"""
