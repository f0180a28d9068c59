"""The paths of the service: nginx's hop by which requests are accepted, and what owners ask for.

It does not know the database.
"""
