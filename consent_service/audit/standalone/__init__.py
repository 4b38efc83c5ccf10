"""What outsiders check the log with, without this service: a Python file, a page for a browser, a README.

The Python file is one text made of the modules here, of which none imports anything but the standard
library and each other (`joining`). All of it goes into every bundle (`audit.bundle_file`).
"""
