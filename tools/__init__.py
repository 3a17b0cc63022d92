"""What operators run, `make token` and the like, and what looks at the project: `make audit`."""
