"""The worker's side: it performs the requests of claimed jobs through nginx's door and says how they ended.

It does not know tables; the engine is handed to it.
"""
