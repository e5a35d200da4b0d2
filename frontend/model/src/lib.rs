//! The page's logic, without a browser: it tests natively.
