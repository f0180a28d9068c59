"""One command in each file, by its name. What several of them need is beside this folder."""
