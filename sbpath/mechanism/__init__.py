"""From a mechanism file to frozen records: chemistry, the file, its three gates, its graph."""
