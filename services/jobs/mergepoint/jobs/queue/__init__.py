"""The engine on the tables: jobs are accepted, claimed by fair turns under a lease, finished, tried again, forgotten.

Every function runs in the transaction of its connection, at *now* by the database's clock. It does not know HTTP, nor
what a request says.
"""
