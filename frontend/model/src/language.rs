//! The languages that the page speaks, and how numbers are written in them.

/// A language of the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Portuguese as it is written in Brazil.
    Portuguese,
}

impl Language {
    /// All, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::English, Self::Portuguese];

    /// The language of a tag such as `pt-BR`; what the page does not speak is English.
    pub fn of(tag: &str) -> Self {
        let is_portuguese = tag.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("pt"));
        if is_portuguese && !tag[2..].starts_with(|next: char| next.is_ascii_alphanumeric()) {
            Self::Portuguese
        } else {
            Self::English
        }
    }

    /// Its tag, as in `<html lang>`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Portuguese => "pt-BR",
        }
    }

    /// Its name in itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Portuguese => "Português",
        }
    }

    /// A number of plain digits ("12.5") with this language's sign between whole and part.
    pub fn decimal(self, digits: String) -> String {
        match self {
            Self::English => digits,
            Self::Portuguese => digits.replace('.', ","),
        }
    }

    /// The sign between groups of three digits.
    pub fn group(self) -> char {
        match self {
            Self::English => ',',
            Self::Portuguese => '.',
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_those_of_browsers() {
        for tag in ["pt-BR", "pt", "PT-pt", "pt_BR"] {
            assert_eq!(Language::of(tag), Language::Portuguese, "{tag}");
        }
        for tag in ["en", "en-GB", "fi", "", "p", "ptx", "é"] {
            assert_eq!(Language::of(tag), Language::English, "{tag}");
        }
        for language in Language::ALL {
            assert_eq!(Language::of(language.tag()), language);
        }
    }

    #[test]
    fn numbers_are_written_as_the_language_does() {
        assert_eq!(Language::English.decimal("1.5".into()), "1.5");
        assert_eq!(Language::Portuguese.decimal("1.5".into()), "1,5");
        assert_eq!(Language::ALL.map(Language::group), [',', '.']);
    }
}
