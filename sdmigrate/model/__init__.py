"""What is handed from stage to stage: frozen records, settings, events, errors. Values only."""
