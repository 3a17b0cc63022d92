"""Calendars of mytokens: a feed for each calendar, so that calendar apps remind of expiring tokens."""
