"""The run told from its journal: terminal, Markdown, HTML, JSON."""
