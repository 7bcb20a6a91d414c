"""What a page or a printed table is made of: small tables, fetched to the driver."""
