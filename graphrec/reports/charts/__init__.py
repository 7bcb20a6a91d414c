"""Charts: from small frames to Vega-Lite."""
