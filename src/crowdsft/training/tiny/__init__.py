"""The built-in model: a folder in Hugging Face's format (`model/`), and the code that made it."""
