# The words of the small window.
