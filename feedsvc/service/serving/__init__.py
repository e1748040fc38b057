"""What the web server is made of: negotiation, files in memory, patience with slow clients, health, triggers."""
