"""One request as every route sees it: who asks, its body, its cookies, CSRF, and pages and redirects to answer with.

It does not know any path but those of logging in.
"""
