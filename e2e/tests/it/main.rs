//! Whole journeys through real processes.

mod journey;
