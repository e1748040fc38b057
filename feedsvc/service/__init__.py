"""What runs the pipeline: the command line and the web server."""
