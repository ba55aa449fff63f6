"""What may be ordered: suppliers, agreements, price lists, steering, ceilings and search."""
