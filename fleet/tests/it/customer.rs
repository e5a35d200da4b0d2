//! What a customer gets, held to the protocol's golden files: the document and the trail with nothing of anybody else.

use std::path::PathBuf;

use contract::{Delivery, Position, rest::Trail};
use fleet::customer::{reduced, reduced_trail};

fn golden(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../contract/tests/golden").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_reduced_document_and_trail_are_the_golden_ones() {
    let named = |name: &str| golden(name).replace(r#""courier":"c-17""#, r#""courier":"aino-korhonen""#);
    let whole: Delivery = serde_json::from_str(&named("record/delivery-in_transit.json")).unwrap();
    let shown = String::from_utf8(reduced(&whole).to_json()).unwrap();
    assert_eq!(shown, golden("rest/delivery-customer.json").trim_end());

    let everything: Position = serde_json::from_str(&named("record/position-everything.json")).unwrap();
    let trail = Trail { points: vec![everything], gaps: Vec::new(), through: 1_763_683_201_000 };
    let shown = serde_json::to_string(&reduced_trail(&whole, trail)).unwrap();
    assert_eq!(shown, golden("rest/trail-customer.json").trim_end());
}
