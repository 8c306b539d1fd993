"""The app: the views of the published tables on pages, in the browser."""
