"""Makes an edit script from two documents: the content that both have, and the content that only one has.

This room does not know what a change looks like, or that a script becomes HTML.
"""
