"""The HTTP face that all services share: requests read into options, answers with tags, problems, health, OpenAPI.

It knows Flask, and not what a service does. Nothing is imported here: prometheus-client must not be, before
gunicorn has said where its numbers are kept.
"""
