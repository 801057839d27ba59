"""The order of the stages, the gates between them, resume; and the child process for the wizard."""
