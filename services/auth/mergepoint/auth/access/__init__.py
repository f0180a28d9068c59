"""Whether a request may pass: policies, and the gate that applies them to whoever asks.

It does not know HTTP or who asks it.
"""
