"""The road of an order: basket, requisition, approval, order, receipt."""
