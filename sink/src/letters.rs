//! Dead letters: records that can never be stored, sent to `dlq` as they came, with the headers that Kafka Connect uses.
//! They come from the pipeline and count as done when the broker has acknowledged them.

use futures_util::future::join_all;
use history::Refusal;
use service::{
    Shutdown,
    kafka::{Ack, Producer, SendError},
};

use contract::topics::dlq_headers;

use crate::{
    batch::{Origin, Parts},
    retry,
};

/// Dead letters that are under way together.
const TOGETHER: usize = 500;

/// Sends dead letters.
pub(crate) struct Letters {
    producer: Producer,
    /// Kafka name of the topic that they go to.
    to: String,
    /// Kafka names of the topics that records come from.
    topics: Vec<String>,
}

impl Letters {
    pub(crate) fn new(producer: Producer, to: String, topics: Vec<String>) -> Self {
        Self { producer, to, topics }
    }

    /// Sends all of `refused` and waits for their acknowledgements, for ever. `Ok(false)` where the stop was asked for
    /// meanwhile.
    ///
    /// # Errors
    /// [`SendError::Fatal`]: the process must be started again.
    pub(crate) async fn send(
        &self,
        parts: &Parts,
        refused: &[(Origin, Refusal)],
        shutdown: &Shutdown,
    ) -> Result<bool, SendError> {
        for letters in refused.chunks(TOGETHER) {
            let sent = join_all(letters.iter().map(|letter| self.one(parts, letter, shutdown))).await;
            for done in sent {
                if !done? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    async fn one(
        &self,
        parts: &Parts,
        (origin, refusal): &(Origin, Refusal),
        shutdown: &Shutdown,
    ) -> Result<bool, SendError> {
        let topic = self.topics.get(origin.topic).map_or("", String::as_str);
        let (key, value) = parts.raw(origin);
        // What cannot be helped by sending again ends the loop as a success and is looked at behind it.
        let attempt = async |value: Option<&[u8]>, message: &str| {
            retry::until_done("dead letter", shutdown, || async {
                match self.acknowledged(origin, topic, key, value, &refusal.class, message, shutdown).await {
                    Err(error @ (SendError::TooLarge | SendError::Fatal(_) | SendError::Stopped)) => Ok(Err(error)),
                    Err(error) => Err(error),
                    Ok(ack) => Ok(Ok(ack)),
                }
            })
            .await
            .transpose()
        };
        let acknowledged = match attempt(value, &refusal.message).await {
            Err(SendError::TooLarge) => {
                // With the headers it no longer fits. The place where it came from still says where the bytes are.
                let left_out = format!(
                    "{} (the value of {} bytes is left out, it does not fit)",
                    refusal.message,
                    value.map_or(0, <[u8]>::len)
                );
                attempt(None, &left_out).await?
            }
            other => other?,
        };
        if acknowledged.is_some() {
            metrics::counter!("cd_dead_letters_total", "reason" => refusal.class.clone()).increment(1);
            let (partition, offset) = (origin.partition, origin.offset);
            tracing::warn!(topic, partition, offset, "dead letter: {}: {}", refusal.class, refusal.message);
        }
        Ok(acknowledged.is_some())
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one record, used once")]
    async fn acknowledged(
        &self,
        origin: &Origin,
        topic: &str,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        class: &str,
        message: &str,
        shutdown: &Shutdown,
    ) -> Result<Ack, SendError> {
        let (partition, offset) = (origin.partition.to_string(), origin.offset.to_string());
        let headers = [
            (dlq_headers::TOPIC, topic.as_bytes()),
            (dlq_headers::PARTITION, partition.as_bytes()),
            (dlq_headers::OFFSET, offset.as_bytes()),
            (dlq_headers::EXCEPTION_CLASS, class.as_bytes()),
            (dlq_headers::EXCEPTION_MESSAGE, message.as_bytes()),
        ];
        tokio::select! {
            acknowledged = self.producer.send_with_headers(&self.to, key, value, &headers) => acknowledged,
            // librdkafka itself waits for minutes; at the end of the process nobody has them.
            () = patience_after(shutdown) => Err(SendError::TimedOut),
        }
    }
}

/// Ends some seconds after the stop was asked for.
async fn patience_after(shutdown: &Shutdown) {
    shutdown.requested().await;
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
}
