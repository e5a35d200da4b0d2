//! Whole journeys through real processes.

mod browser;
mod disk;
mod journey;
mod services;
mod start;
