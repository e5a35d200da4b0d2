//! Whole journeys through real processes.

mod disk;
mod journey;
mod start;
