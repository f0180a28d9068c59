"""The bytes of PNG: its chunks, its rows, its animations, and the repair of damaged ones. It does not know decoders."""
