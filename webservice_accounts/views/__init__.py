"""Pages about what is handed out; one module per subject."""
