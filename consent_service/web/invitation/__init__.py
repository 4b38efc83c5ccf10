"""Pages with which somebody who was invited links a login: the code, the login, and saying who one is."""
