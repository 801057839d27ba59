"""The wizard. The only package that imports textual."""
