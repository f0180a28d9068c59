"""Writes an edit script as HTML, a page or a list of changes, and turns marked HTML back into a document.

This room does not know how a script is found, nor how HTML is sanitised.
"""
