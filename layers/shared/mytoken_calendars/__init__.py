"""Calendars of mytokens, whose feeds make calendar apps remind of tokens that expire."""

import gc

# What a function loads lives as long as its process. To look for garbage among it takes a tenth of
# a start, so that is put off until the first request (http/operation.py), or for so many objects.
COLLECTS_AFTER = gc.get_threshold()
gc.set_threshold(1_000_000)
