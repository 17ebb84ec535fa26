"""What moves the open film, and what it shows at rest. The backend calls `transport`, which uses the others."""
