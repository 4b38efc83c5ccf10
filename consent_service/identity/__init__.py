"""Who is acting, and what that actor may do.

Logging in (OpenID Connect), our own sessions, handing the tablet over, and the one table of
permissions. Whether *information* may pass is judged by `policy`, on every read; a permission is
only the right to ask.
"""
