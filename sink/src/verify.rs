//! Verify: whether the store keeps the promise that nothing is lost and nothing doubled, run by run.
//!
//! Every delivered run must have the seqs 0..positions-1; every cancelled one those from 0 without a hole and none after
//! its end; none twice. Strict: a run whose fixes are still on their way is a fault now, and is marked as such.

use std::io::{self, Write};

use contract::DeliveryStatus;
use history::{DeliveryQuery, HistoryReader, MAX_PAGE, Unavailable};

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Delivered runs.
    pub delivered: u64,
    /// Cancelled runs.
    pub cancelled: u64,
    /// Their fixes.
    pub fixes: u64,
    /// Runs with a fault.
    pub faulty: u64,
}

/// Why the store could not be verified.
#[derive(Debug)]
pub enum VerifyError {
    /// The store did not answer.
    Store(Unavailable),
    /// The result could not be written.
    Output(io::Error),
}

impl std::fmt::Display for VerifyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Output(error) => write!(f, "cannot write the result: {error}"),
        }
    }
}

impl std::error::Error for VerifyError {}

impl From<Unavailable> for VerifyError {
    fn from(error: Unavailable) -> Self {
        Self::Store(error)
    }
}

impl From<io::Error> for VerifyError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Looks at all runs; writes a line for each one with a fault, and the summary.
///
/// # Errors
/// [`VerifyError`]; the lines written so far are true.
pub async fn verify(reader: &dyn HistoryReader, out: &mut (dyn Write + Send)) -> Result<Summary, VerifyError> {
    let mut summary = Summary::default();
    for status in [DeliveryStatus::Delivered, DeliveryStatus::Cancelled] {
        let mut query = DeliveryQuery { status: Some(status), limit: MAX_PAGE, ..DeliveryQuery::default() };
        loop {
            let page = reader.deliveries(query.clone()).await?;
            for delivery in &page.items {
                // Expired or forgotten since the page was read: no run to judge.
                let Some(run) = reader.run(delivery.delivery).await? else { continue };
                match status {
                    DeliveryStatus::Delivered => summary.delivered += 1,
                    _ => summary.cancelled += 1,
                }
                summary.fixes += u64::from(run.audit().stored);
                let faults = run.faults();
                if faults.is_empty() {
                    continue;
                }
                summary.faulty += 1;
                let late = delivery.finished_at.is_some_and(|end| end >= run.through);
                let note = if late { " (ended after what the store is complete through)" } else { "" };
                let (id, courier) = (delivery.delivery, &delivery.courier);
                writeln!(out, "{id}  {courier}  {status}  {}{note}", faults.join("; "))?;
            }
            let Some(next) = page.next.and_then(|next| next.parse().ok()) else { break };
            query.after = Some(next);
        }
    }
    let Summary { delivered, cancelled, fixes, faulty } = summary;
    let through = reader.through().await?;
    writeln!(out, "runs delivered   {delivered:>12}")?;
    writeln!(out, "runs cancelled   {cancelled:>12}")?;
    writeln!(out, "fixes            {fixes:>12}")?;
    writeln!(out, "runs with faults {faulty:>12}")?;
    writeln!(out, "complete through {through:>12} ms UTC")?;
    Ok(summary)
}
