"""What the demo asks: queries as files, shown by the page and run by the tests."""
