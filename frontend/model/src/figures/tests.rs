use contract::RouteId;
use proptest::prelude::*;

use super::*;

const NOW: Millis = 1_763_719_351_000; // 2025-11-21 10:02:31 UTC, 12:02:31 in Helsinki

fn row(t: Millis, key: &str, (count, delivered): (u64, u64), kept: Option<(u64, u64)>, mean_s: f64) -> FiguresRow {
    FiguresRow {
        t,
        key: key.into(),
        count,
        delivered,
        mean_s: (delivered > 0).then_some(mean_s),
        promised: kept.map_or(0, |(_, promised)| promised),
        on_time: kept.map(|(kept, promised)| kept as f64 / promised as f64),
        predicted: delivered,
        mean_eta_error_s: (delivered > 0).then_some(mean_s / 10.0),
    }
}

fn figures(rows: Vec<FiguresRow>) -> Figures {
    Figures { rows, more: false, through: NOW }
}

#[test]
fn a_window_ends_with_the_bar_that_is_not_over() {
    let day = Window::until(Span::Day, NOW, 120);
    assert_eq!((day.bars(), day.from()), (24, NOW - 151_000 - 23 * HOUR));
    assert_eq!(day.bar(23), Some((NOW - 151_000, NOW - 151_000 + HOUR - 1)));
    assert_eq!(day.to(), NOW - 151_000 + HOUR - 1);
    let hour = Window::until(Span::Hour, NOW, 120);
    assert_eq!((hour.bars(), hour.to() + 1 - hour.from()), (12, HOUR));
    // Days and their quarters are those of the viewer's clock.
    let midnight = NOW - 151_000 - 12 * HOUR;
    assert_eq!(Window::until(Span::Month, NOW, 120).bar(29), Some((midnight, midnight + 24 * HOUR - 1)));
    assert_eq!(Window::until(Span::Week, NOW, 120).bar(27), Some((midnight + 12 * HOUR, midnight + 18 * HOUR - 1)));
}

#[test]
fn where_a_viewers_hours_are_no_hours_of_the_server_bars_begin_with_the_next_one() {
    // India is 5 h 30 min ahead.
    let days = Window::until(Span::Month, NOW, 330);
    for (from, to) in (0..30).map(|index| days.bar(index).unwrap()) {
        assert_eq!((from % HOUR, to - from + 1), (0, 24 * HOUR));
    }
    let (from, _) = days.bar(29).unwrap();
    assert_eq!((from + 330 * MINUTE) % (24 * HOUR), 30 * MINUTE);
}

#[test]
fn rows_are_summed_up_by_bar_and_by_route() {
    let window = Window::until(Span::Week, NOW, 0);
    let (first, last) = (window.from(), window.bar(27).unwrap().0);
    let by_time = figures(vec![
        row(first - HOUR, "", (100, 100), None, 1.0),
        row(first, "", (4, 2), Some((1, 2)), 100.0),
        row(first + 5 * HOUR, "", (6, 6), Some((3, 4)), 200.0),
        row(last, "", (1, 0), None, 0.0),
    ]);
    let by_route = figures(vec![
        row(first, "", (2, 1), None, 50.0),
        row(first, "harbour", (3, 3), Some((1, 3)), 60.0),
        row(last, "harbour", (5, 1), Some((1, 1)), 20.0),
        row(last, "market", (2, 0), None, 0.0),
    ]);
    let picture = Picture::of(window, &by_time, &by_route);
    let bar = picture.bars[0];
    assert_eq!((bar.count, bar.delivered, bar.promised, bar.kept, bar.late()), (10, 8, 6, 4, 2));
    assert_eq!((bar.mean_s(), bar.mean_eta_error_s()), (Some(175.0), Some(17.5)));
    assert_eq!((bar.on_time().unwrap() * 6.0).round(), 4.0);
    assert_eq!(picture.bars[27], Sum { count: 1, ..Sum::default() });
    assert_eq!((picture.bars[1], picture.total.count), (Sum::default(), 11));
    assert_eq!(
        (Sum::default().on_time(), Sum::default().mean_s(), Sum::default().mean_eta_error_s()),
        (None, None, None)
    );
    let routes: Vec<_> = picture.routes.iter().map(|(key, sum)| (key.as_str(), sum.count, sum.mean_s())).collect();
    assert_eq!(routes, [("harbour", 8, Some(50.0)), ("", 2, Some(50.0)), ("market", 2, None)]);
}

#[test]
fn an_axis_ends_a_little_above() {
    let ends = [0, 1, 2, 3, 5, 7, 11, 35, 60, 61, 101, 1_999].map(axis);
    assert_eq!(ends, [2, 2, 2, 4, 6, 8, 12, 40, 60, 80, 120, 2_000]);
}

#[test]
fn a_number_leads_to_its_deliveries() {
    let window = Window::until(Span::Hour, NOW, 0);
    let (from, to) = (window.from(), window.to());
    assert_eq!(Wanted::default().query(&window), format!("from={from}&to={to}&limit=100"));
    let late = Wanted { kind: Kind::Late, at: Some((5, 9)), along: Along::of_key("harbour") };
    assert_eq!(late.query(&window), "from=5&to=9&on_time=false&route=harbour&limit=100");
    let own = Wanted { kind: Kind::Predicted, at: Some((5, 9)), along: Along::of_key("") };
    assert_eq!(own.query(&window), "from=5&to=9&predicted=true&own_path=true&limit=100");
}

#[test]
fn a_board_is_readable() {
    let board = Board::parse("24h.late.at:1763683200000-1763686799999.route:harbour");
    let along = Along::Route(RouteId::new("harbour").unwrap());
    let list = Wanted { kind: Kind::Late, at: Some((1_763_683_200_000, 1_763_686_799_999)), along };
    assert_eq!(board, Board { span: Span::Day, table: false, list: Some(list) });
    assert_eq!(Board::parse("7d.table").format(), "7d.table");
    for nonsense in ["", "x", "..", "at:1-2", "route:harbour", "24h.at", "all:3"] {
        assert_eq!(Board::parse(nonsense), Board::default(), "{nonsense}");
    }
    let backwards = Board::parse("1h.all.at:9-5").list.unwrap();
    assert_eq!(backwards, Wanted::default());
}

proptest! {
    #[test]
    fn every_moment_of_a_window_is_in_one_bar(now in 0..4_000_000_000_000_i64, quarter in -48..=56_i32, span in 0..4_usize) {
        let window = Window::until(Span::ALL[span], now, quarter * 15);
        let mut before = window.from() - 1;
        for index in 0..window.bars() {
            let (from, to) = window.bar(index).unwrap();
            prop_assert_eq!(from, before + 1);
            prop_assert!(from <= to);
            prop_assert_eq!((window.index_of(from), window.index_of(to)), (Some(index), Some(index)));
            before = to;
        }
        prop_assert_eq!((window.index_of(window.from() - 1), window.index_of(before + 1)), (None, None));
        // What is now is in it, but for the part of an hour that no bar can begin within.
        prop_assert!(window.index_of(now - HOUR).is_some() || window.span == Span::Hour);
    }

    #[test]
    fn what_is_written_is_read(span in 0..4_usize, table: bool, kind in 0..5_usize, at in prop::option::of((0..9_i64, 9..i64::MAX)), key in "[a-z0-9_-]{0,9}", any: bool) {
        let kinds = [Kind::All, Kind::Delivered, Kind::OnTime, Kind::Late, Kind::Predicted];
        let along = if any { Along::Any } else { Along::of_key(&key) };
        let board = Board { span: Span::ALL[span], table, list: Some(Wanted { kind: kinds[kind], at, along }) };
        prop_assert_eq!(Board::parse(&board.format()), board);
    }
}
