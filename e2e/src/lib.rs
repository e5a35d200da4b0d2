//! Whole-journey and browser tests against real processes.
