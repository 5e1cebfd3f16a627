"""The HTTP door: the facade as an API, and who may ask it what."""
