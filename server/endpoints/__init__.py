"""The machine entrances, one file each: they answer over ASGI, and the Flask app does the pages.

A module has `PATHS`, where it answers (one that ends in / stands for all below it), and `answer`,
which is called with the exchange and the service.
"""
