//! Colours of the map and of what lies on it, as the look has them.

/// One theme's colours, as CSS writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the look")]
pub struct Colours {
    pub land: &'static str,
    pub building: &'static str,
    pub building_line: &'static str,
    pub building_shade: &'static str,
    pub park: &'static str,
    pub grass: &'static str,
    pub pitch: &'static str,
    pub water: &'static str,
    pub square: &'static str,
    pub tree: &'static str,
    pub road: &'static str,
    pub major_road: &'static str,
    pub casing: &'static str,
    pub major_casing: &'static str,
    pub path: &'static str,
    pub tram: &'static str,
    pub label: &'static str,
    pub park_label: &'static str,
    pub halo: &'static str,
    pub ink: &'static str,
    pub on_ink: &'static str,
    pub surface: &'static str,
    /// Around every marker and line.
    pub marker_casing: &'static str,
    /// Outside the casing.
    pub marker_outline: &'static str,
    pub ahead: &'static str,
    pub badge: &'static str,
    pub on_status: &'static str,
    /// By number of status: idle, on delivery, late, alarm, offline.
    pub status: [&'static str; 5],
}

impl Colours {
    /// The colours of a theme.
    pub const fn of(dark: bool) -> Self {
        if dark { DARK } else { LIGHT }
    }

    /// The colours that the layers name in braces.
    pub fn named(&self) -> [(&'static str, &'static str); 22] {
        [
            ("land", self.land),
            ("building", self.building),
            ("building_line", self.building_line),
            ("building_shade", self.building_shade),
            ("park", self.park),
            ("grass", self.grass),
            ("pitch", self.pitch),
            ("water", self.water),
            ("square", self.square),
            ("tree", self.tree),
            ("road", self.road),
            ("major_road", self.major_road),
            ("casing", self.casing),
            ("major_casing", self.major_casing),
            ("path", self.path),
            ("tram", self.tram),
            ("label", self.label),
            ("park_label", self.park_label),
            ("halo", self.halo),
            ("ink", self.ink),
            ("surface", self.surface),
            ("marker_outline", self.marker_outline),
        ]
    }
}

const LIGHT: Colours = Colours {
    land: "#f3f2ee",
    building: "#e4e1da",
    building_line: "#d5d1c8",
    building_shade: "#d9d5cc",
    park: "#dce8d2",
    grass: "#e3ecd9",
    pitch: "#d6e5cd",
    water: "#c6dce8",
    square: "#faf8f3",
    tree: "#bed3b0",
    road: "#ffffff",
    major_road: "#ffffff",
    casing: "#dcd8cf",
    major_casing: "#cbc6bb",
    path: "#fbfaf7",
    tram: "#d3cec4",
    label: "#59606b",
    park_label: "#47703f",
    halo: "#f8f7f4",
    ink: "#15181e",
    on_ink: "#ffffff",
    surface: "#ffffff",
    marker_casing: "#ffffff",
    marker_outline: "#15181e33",
    ahead: "#5f8ee6",
    badge: "#a35400",
    on_status: "#ffffff",
    status: ["#0a7d46", "#1b5fdb", "#b96200", "#ce1f2d", "#616b78"],
};

const DARK: Colours = Colours {
    land: "#171a20",
    building: "#222830",
    building_line: "#323945",
    building_shade: "#12151a",
    park: "#18261e",
    grass: "#1a271f",
    pitch: "#1c2c22",
    water: "#0e1d2e",
    square: "#1c2026",
    tree: "#26402f",
    road: "#2e3540",
    major_road: "#38404d",
    casing: "#12151a",
    major_casing: "#12151a",
    path: "#262c35",
    tram: "#3b4350",
    label: "#a6b0be",
    park_label: "#7fa888",
    halo: "#14171c",
    ink: "#f3f5f8",
    on_ink: "#14171c",
    surface: "#1b1f26",
    marker_casing: "#0f1216",
    marker_outline: "#00000080",
    ahead: "#4c79bb",
    badge: "#f7a928",
    on_status: "#14171c",
    status: ["#3fcb85", "#6aa8ff", "#f7a928", "#ff7070", "#97a2b2"],
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of "#rrggbb" (WCAG 2.2).
    fn luminance([r, g, b]: [f64; 3]) -> f64 {
        let linear = |value: f64| if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) };
        0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
    }

    fn rgb(hex: &str) -> [f64; 3] {
        [1, 3, 5].map(|at| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0)
    }

    /// Contrast ratio of two colours (WCAG 2.2), 1 to 21.
    fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_status_stands_out_from_every_ground() {
        for colours in [&LIGHT, &DARK] {
            let c = colours;
            let grounds =
                [c.land, c.building, c.park, c.grass, c.pitch, c.water, c.square, c.road, c.major_road, c.path];
            let offline = rgb(colours.status[4]);
            for status in colours.status {
                // An old position is drawn with 26 % of its status' colour in the grey of who is offline.
                let full = rgb(status);
                let aged = [0, 1, 2].map(|i| 0.26 * full[i] + 0.74 * offline[i]);
                for ground in grounds.iter().chain([&colours.marker_casing]) {
                    for mark in [full, aged] {
                        let ratio = contrast(mark, rgb(ground));
                        assert!(ratio >= 3.0, "{status} on {ground}: {ratio:.2}");
                    }
                }
            }
            for (text, grounds) in [(c.label, [c.land, c.building, c.road]), (c.park_label, [c.park; 3])] {
                for ground in grounds {
                    let ratio = contrast(rgb(text), rgb(ground));
                    assert!(ratio >= 4.5, "{text} on {ground}: {ratio:.2}");
                }
            }
        }
        assert!((contrast(rgb("#ffffff"), rgb("#000000")) - 21.0).abs() < 1e-9);
    }
}
