"""recordset."""
