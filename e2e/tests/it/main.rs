//! Whole journeys through real processes.

mod apart;
mod browser;
mod disk;
mod journey;
mod security;
mod services;
mod start;
