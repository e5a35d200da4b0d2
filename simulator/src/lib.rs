//! Takes up deliveries, drives along their paths, publishes positions.
