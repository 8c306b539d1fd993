"""What people look at without SQL: views of the published tables, and the report made of them."""
