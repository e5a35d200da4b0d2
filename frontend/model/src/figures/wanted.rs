//! Which deliveries stand behind a number, and how the page's address says it: `24h`, `7d.table`,
//! `24h.late.at:1763683200000-1763686799999.route:harbour`.

use contract::{Millis, RouteId};

use super::{Span, Window};

/// What is told of the deliveries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// All that were requested.
    #[default]
    All,
    /// The delivered ones.
    Delivered,
    /// Those that kept their promise.
    OnTime,
    /// Those that broke it.
    Late,
    /// The delivered ones whose arrival was predicted half-way.
    Predicted,
}

impl Kind {
    const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::All, "all", ""),
        (Self::Delivered, "delivered", "&status=delivered"),
        (Self::OnTime, "on-time", "&on_time=true"),
        (Self::Late, "late", "&on_time=false"),
        (Self::Predicted, "predicted", "&predicted=true"),
    ];

    fn entry(self) -> (&'static str, &'static str) {
        Self::ALL.iter().find(|(kind, ..)| *kind == self).map_or(("all", ""), |(_, name, query)| (name, query))
    }
}

/// What they go along.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Along {
    /// Whatever it is.
    #[default]
    Any,
    /// A person's own way.
    Own,
    /// This route.
    Route(RouteId),
}

impl Along {
    /// What a row's key by route stands for.
    pub fn of_key(key: &str) -> Self {
        RouteId::new(key).map_or(Self::Own, Self::Route)
    }
}

/// The deliveries behind a number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What is told of them.
    pub kind: Kind,
    /// When they were requested, ms UTC, inclusive; the whole span where it is not said.
    pub at: Option<(Millis, Millis)>,
    /// Along what.
    pub along: Along,
}

impl Wanted {
    /// The query of GET /deliveries without its `?`, with a page's size.
    pub fn query(&self, window: &Window) -> String {
        let (from, to) = self.at.unwrap_or((window.from(), window.to()));
        let along = match &self.along {
            Along::Any => String::new(),
            Along::Own => "&own_path=true".into(),
            Along::Route(route) => format!("&route={route}"),
        };
        format!("from={from}&to={to}{}{along}&limit=100", self.kind.entry().1)
    }
}

/// What the figures show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Board {
    /// How far back.
    pub span: Span,
    /// As tables instead of drawings.
    pub table: bool,
    /// The list behind a number, where one is open.
    pub list: Option<Wanted>,
}

impl Board {
    /// Reads what [`Board::format`] wrote; what cannot be read is as by default.
    pub fn parse(text: &str) -> Self {
        let mut board = Self::default();
        for part in text.split('.') {
            let kind = Kind::ALL.iter().find(|(_, name, _)| *name == part);
            if let Some(span) = Span::ALL.into_iter().find(|span| span.as_str() == part) {
                board.span = span;
            } else if part == "table" {
                board.table = true;
            } else if let Some((kind, ..)) = kind {
                board.list.get_or_insert_default().kind = *kind;
            } else if let Some(list) = &mut board.list {
                match part.split_once(':') {
                    Some(("at", stretch)) => list.at = read_stretch(stretch),
                    Some(("route", key)) => list.along = Along::of_key(key),
                    _ => {}
                }
            }
        }
        board
    }

    /// As the address has it.
    pub fn format(&self) -> String {
        let mut text = String::from(self.span.as_str());
        if self.table {
            text.push_str(".table");
        }
        if let Some(list) = &self.list {
            text.push('.');
            text.push_str(list.kind.entry().0);
            if let Some((from, to)) = list.at {
                text.push_str(&format!(".at:{from}-{to}"));
            }
            match &list.along {
                Along::Any => {}
                Along::Own => text.push_str(".route:"),
                Along::Route(route) => text.push_str(&format!(".route:{route}")),
            }
        }
        text
    }
}

fn read_stretch(text: &str) -> Option<(Millis, Millis)> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (from.parse().ok()?, to.parse().ok()?);
    (from <= to).then_some((from, to))
}
