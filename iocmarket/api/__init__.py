"""What every API endpoint shares: strict parsing, problem answers, the renderer, the schema."""
