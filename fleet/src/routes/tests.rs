use super::*;

fn load(file: &str, text: &str) -> Result<Route, String> {
    let (set, faults) = RouteSet::from_files([(file.to_owned(), text.as_bytes().to_vec())]);
    match faults.first() {
        Some(fault) => Err(fault.to_string()),
        None => Ok(set.iter().next().cloned().unwrap()),
    }
}

const LINE: &str = "{\"type\":\"LineString\",\"coordinates\":[\n[24.94,60.17],\n[24.95,60.16]\n]}";

#[test]
fn all_three_formats_give_the_same_line() {
    let feature = format!(
        r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"name":"A to B"}},"geometry":{LINE}}}]}}"#
    );
    let gpx = r#"<gpx xmlns="http://www.topografix.com/GPX/1/1"><trk><name>A to B</name><trkseg><trkpt lat="60.17" lon="24.94"/><trkpt lat="60.16" lon="24.95"/></trkseg></trk></gpx>"#;
    let geojson = load("a-to-b.geojson", &feature).unwrap();
    assert_eq!((geojson.route.as_str(), geojson.name.as_str()), ("a-to-b", "A to B"));
    for (file, text) in [("a to b.gpx", gpx), ("a to b.txt", "lat,lng\n60.17,24.94\n\n60.16,24.95\n")] {
        let route = load(file, text).unwrap();
        assert_eq!(route.route.as_str(), "a-to-b");
        assert_eq!(route.polyline(), geojson.polyline());
    }
    assert_eq!(load("a_b.geojson", LINE).unwrap().name, "A b");
}

#[test]
fn a_bad_file_is_named_with_line_and_reason() {
    let cases = [
        ("a.geojson", LINE.replace("60.16]", "x]"), "a.geojson:3: "),
        ("a.geojson", LINE.replace("[24.95,60.16]", "[24.95]"), "a.geojson:3: coordinate 1 is no"),
        (
            "a.geojson",
            LINE.replace("[24.95,60.16]", "[2,135.1]"),
            "a.geojson:3: coordinate 1: lat must be -90 to 90 (latitude and longitude swapped?)",
        ),
        ("a.geojson", r#"{"type":"Point","coordinates":[1,2]}"#.into(), "a.geojson: is no LineString"),
        ("a.gpx", "<gpx><trk>\n<trkpt lat='60'/></trk></gpx>".into(), "a.gpx:2: a point has no lon"),
        ("a.gpx", "<gpx>".into(), "a.gpx:1: is no XML"),
        ("a.gpx", "<gpx/>".into(), "a.gpx: has neither a track"),
        ("a.txt", "60.1,24.9\n60.2;x\n".into(), "a.txt:2: is no lat,lng"),
        ("a.txt", "60.1,24.9\n".into(), "a.txt: "),
        ("a.txt", "60.1,24.9\n60.1,24.9\n".into(), "a.txt: "),
        ("a.txt", "NaN,24.9\n60.1,24.9\n".into(), "a.txt:1: lat must be"),
    ];
    for (file, text, message) in cases {
        let fault = load(file, &text).unwrap_err();
        assert!(fault.starts_with(message), "{fault} is not {message}");
    }
}

#[test]
fn others_load_and_readmes_are_none_of_ours() {
    let files = [("README.md", "# x"), ("bad.txt", "x y z 1"), ("a.geojson", LINE), ("a.txt", "60,24\n61,25")];
    let (set, faults) = RouteSet::from_files(files.map(|(file, text)| (file.to_owned(), text.as_bytes().to_vec())));
    assert_eq!(set.len(), 1);
    let texts: Vec<String> = faults.iter().map(RouteFault::to_string).collect();
    assert!(texts[0].starts_with("bad.txt") && texts[1] == "a.txt: route a is there already", "{texts:?}");
}

#[test]
fn faults_are_told_apart() {
    let kind = |file: &str, text: &str| {
        let (_, faults) = RouteSet::from_files([(file.to_owned(), text.as_bytes().to_vec())]);
        faults[0].kind
    };
    assert_eq!(kind("a.geojson", "{"), FaultKind::Format);
    assert_eq!(kind("a.gpx", "<gpx>"), FaultKind::Format);
    assert_eq!(kind("a.gpx", "<gpx/>"), FaultKind::NoLine);
    assert_eq!(kind("a.txt", "60.1,24.9\n60.2;x\n"), FaultKind::Point);
    assert_eq!(kind("a.txt", "60.1,224.9\n60.2,1\n"), FaultKind::Point);
    assert_eq!(kind("a.txt", "60.1,24.9\n"), FaultKind::Length);
    assert_eq!(kind(".txt", "60.1,24.9\n61,24\n"), FaultKind::Name);
}

#[test]
fn bytes_that_are_no_text_are_named_with_their_line() {
    let (_, faults) = RouteSet::from_files([("a.txt".to_owned(), b"60.1,24.9\n\xff".to_vec())]);
    assert_eq!(faults[0].to_string(), "a.txt:2: is not UTF-8");
}
