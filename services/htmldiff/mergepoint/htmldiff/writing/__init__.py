"""An edit script into HTML, a page or a list of changes, and marked HTML back into a document.

This room does not know how a script is found, nor how HTML is sanitised.
"""
