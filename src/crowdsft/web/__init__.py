"""The platform: a Django project. Rules live in `core`; views check permission, parse, call and render."""
