"""The stack on one machine: a gateway like API Gateway's, in front of stand-ins for AWS."""

from local import interrupts as interrupts  # first, as all else takes long to import
