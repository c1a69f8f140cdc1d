"""The pages: a view checks permission, parses, calls the campaign's services, and renders a story."""
