"""The flight report: a week of insights as two pages to keep, Markdown and HTML, with pictures."""
