//! Results as tables, files and charts.
