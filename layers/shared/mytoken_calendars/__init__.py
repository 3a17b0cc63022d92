"""Calendars of mytokens, whose feeds make calendar apps remind of tokens that expire."""
