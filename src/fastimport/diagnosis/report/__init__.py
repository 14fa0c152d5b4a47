"""A recording for people and for other tools: text, HTML, traces, comparisons."""
