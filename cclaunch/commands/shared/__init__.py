"""What several verbs share: their context, filters, dates, and a question to the person."""
