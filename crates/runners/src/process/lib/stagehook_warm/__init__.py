"""What `warm.py` is made of. No script finds it: it is forgotten before one is
read."""
