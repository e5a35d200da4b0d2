//! Functions of mathematics that the browser has.
//!
//! WebAssembly has none beyond the square root: what the standard library's methods call is found by its name when the
//! page is linked, and would be code of some 5 KB. These names stand before the linker's own.

#![allow(unsafe_code, reason = "the linker knows these functions by their plain names")]

use js_sys::Math;

macro_rules! by_the_browser {
    ($($name:ident($($argument:ident),+))*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name($($argument: f64),+) -> f64 {
            Math::$name($($argument),+)
        }
    )*};
}

by_the_browser! { sin(x) cos(x) tan(x) asin(x) atan(x) atan2(y, x) sinh(x) exp(x) log(x) log1p(x) log2(x) log10(x) }
