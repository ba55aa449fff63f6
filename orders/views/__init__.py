"""The pages of the road. Each view loads what she may see, calls one use case, and answers."""
