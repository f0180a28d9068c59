"""OpenID Connect: clients of providers, logins there that are under way, links of their subjects with users.

It does not know cookies, pages or our own requests.
"""
