"""The acts on the road of an order: actor first, plain values in; who, then what, then which."""
