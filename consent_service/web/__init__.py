"""What people see: pages by audience, rendered on the server, and the headers of every answer.

Handlers parse, call one service and render; rules, permissions and the log live in the packages below.
"""
