//! Whole journeys through real processes.

mod access;
mod apart;
mod browser;
mod disk;
mod document;
mod journey;
mod security;
mod services;
mod start;
mod traces;
