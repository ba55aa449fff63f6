"""All that crosses the wall: documents, price files, mail. The formats know no model."""
