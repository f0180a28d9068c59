"""What a job may be: the request with its headers and path, when and how often it is tried, who asks.

It does not know a database, nor how the request reached us.
"""
