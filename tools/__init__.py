"""What operators run: issue mytokens and revoke them, locally or for a deployed stack."""
