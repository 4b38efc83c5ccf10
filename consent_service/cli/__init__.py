"""The command line: what an operator does to an installation. Reads, asks a service, says what happened.

Nothing here decides or stores: who may do what is asked of the services, as the actor Operator.
"""
