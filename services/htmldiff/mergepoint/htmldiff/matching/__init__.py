"""Two documents into one edit script: what both have in common, and what one of them has alone.

This room does not know how a change looks, nor that a script becomes HTML.
"""
