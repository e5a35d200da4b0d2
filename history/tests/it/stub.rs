//! A server that answers as it is told to: what a real one does only under conditions that a test cannot make.
