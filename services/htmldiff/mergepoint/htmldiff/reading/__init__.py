"""Reads HTML text into a sanitised document in canonical form, and that document into a tree of blocks.

This room does not know that there are two documents, how they are compared, or what is written about them.
"""
