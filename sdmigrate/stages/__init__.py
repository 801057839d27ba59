"""One file a stage, one public function each; a stage emits events and never prompts."""
