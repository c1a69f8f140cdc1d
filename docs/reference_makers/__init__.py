"""What `docs/make_reference.py` is made of: one module for each kind of thing that the reference lists."""
