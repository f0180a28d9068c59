"""Access: policies, and the gate that decides by them whether a request may pass.

It does not know HTTP; nginx asks through routes/verify.py.
"""
