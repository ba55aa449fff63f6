"""The roof: factory, command line, start page, health, mailbox. The only package that knows every other."""
