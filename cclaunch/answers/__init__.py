"""What a page asks: each question a method, each answer a JSON-able document."""
