"""The stack on one machine: a gateway like API Gateway's, in front of stand-ins for AWS."""
