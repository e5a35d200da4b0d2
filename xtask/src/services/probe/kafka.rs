//! Two requests of Kafka's protocol, written out: which brokers there are, and access rules.

use anyhow::{Context, Result, bail, ensure};

use super::Way;

/// (key, version) of the requests. These versions have neither tagged fields nor compact lengths.
const METADATA: (i16, i16) = (3, 5);
const CREATE_ACLS: (i16, i16) = (30, 1);
/// A larger answer is no answer to what was asked.
const MAX_ANSWER: usize = 1 << 20;

/// How many brokers this one knows of. A broker answers when it has joined its cluster.
pub fn brokers(way: &Way) -> Result<usize> {
    let mut body = Vec::new();
    body.extend(0_i32.to_be_bytes()); // of no topic
    body.push(0); // make none
    read_brokers(&ask(way, METADATA, &body)?)
}

/// What a rule is about. Names are literal; `*` is all.
#[derive(Debug, Clone, Copy)]
pub enum Resource {
    /// Topics.
    Topic = 2,
    /// Consumer groups.
    Group = 3,
}

/// What a rule allows.
#[derive(Debug, Clone, Copy)]
pub enum Operation {
    /// Reading, and joining a group.
    Read = 3,
    /// Writing.
    Write = 4,
    /// Making topics.
    Create = 5,
    /// Seeing that it is there.
    Describe = 8,
    /// Seeing its settings.
    DescribeConfigs = 10,
}

/// Allows a user something, from anywhere.
#[derive(Debug, Clone, Copy)]
pub struct Rule<'a> {
    /// The user's name.
    pub user: &'a str,
    /// What it is about.
    pub resource: Resource,
    /// Its name, or `*`.
    pub name: &'a str,
    /// What is allowed.
    pub operation: Operation,
}

/// Adds rules; one that is there already stays. Fails with Kafka's words where one is refused.
pub fn allow(way: &Way, rules: &[Rule<'_>]) -> Result<()> {
    const LITERAL: u8 = 3;
    const ALLOW: u8 = 3;
    let mut body = Vec::new();
    body.extend(i32::try_from(rules.len())?.to_be_bytes());
    for rule in rules {
        body.push(rule.resource as u8);
        put_text(&mut body, rule.name)?;
        body.push(LITERAL);
        put_text(&mut body, &format!("User:{}", rule.user))?;
        put_text(&mut body, "*")?;
        body.extend([rule.operation as u8, ALLOW]);
    }
    read_results(&ask(way, CREATE_ACLS, &body)?, rules.len())
}

fn ask(way: &Way, (key, version): (i16, i16), body: &[u8]) -> Result<Vec<u8>> {
    const NUMBER: i32 = 7;
    let mut request = Vec::new();
    request.extend(key.to_be_bytes());
    request.extend(version.to_be_bytes());
    request.extend(NUMBER.to_be_bytes());
    put_text(&mut request, "xtask")?;
    request.extend(body);

    let mut stream = way.open()?;
    let mut message = i32::try_from(request.len())?.to_be_bytes().to_vec();
    message.extend(request);
    stream.write_all(&message)?;
    stream.flush()?;
    let mut length = [0; 4];
    stream.read_exact(&mut length).context("no answer")?;
    let length = usize::try_from(i32::from_be_bytes(length)).context("a negative length")?;
    ensure!(length <= MAX_ANSWER, "an answer of {length} bytes");
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).context("half an answer")?;
    let mut reader = Reader(&answer);
    ensure!(reader.i32()? == NUMBER, "an answer to another request");
    Ok(reader.0.to_vec())
}

fn put_text(bytes: &mut Vec<u8>, text: &str) -> Result<()> {
    bytes.extend(i16::try_from(text.len())?.to_be_bytes());
    bytes.extend(text.as_bytes());
    Ok(())
}

/// Behind the throttle time stand the brokers, and then what does not interest here.
fn read_brokers(answer: &[u8]) -> Result<usize> {
    let mut reader = Reader(answer);
    reader.i32()?;
    let count = usize::try_from(reader.i32()?).context("no list of brokers")?;
    for _ in 0..count {
        reader.i32()?; // its id
        reader.text()?; // its host
        reader.i32()?; // its port
        reader.text()?; // its rack
    }
    Ok(count)
}

fn read_results(answer: &[u8], rules: usize) -> Result<()> {
    let mut reader = Reader(answer);
    reader.i32()?;
    let count = usize::try_from(reader.i32()?).context("no list of results")?;
    ensure!(count == rules, "{count} results for {rules} rules");
    for _ in 0..count {
        let (code, words) = (reader.i16()?, reader.text()?);
        if code != 0 {
            bail!("Kafka refuses a rule: error {code}, {}", words.unwrap_or("no reason given"));
        }
    }
    Ok(())
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length).context("the answer ends too early")?;
        self.0 = rest;
        Ok(taken)
    }

    fn i16(&mut self) -> Result<i16> {
        Ok(i16::from_be_bytes(self.take(2)?.try_into()?))
    }

    fn i32(&mut self) -> Result<i32> {
        Ok(i32::from_be_bytes(self.take(4)?.try_into()?))
    }

    /// A text, or none where its length is negative.
    fn text(&mut self) -> Result<Option<&'a str>> {
        match usize::try_from(self.i16()?) {
            Ok(length) => Ok(Some(std::str::from_utf8(self.take(length)?)?)),
            Err(_) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(brokers: i32) -> Vec<u8> {
        let mut bytes = 0_i32.to_be_bytes().to_vec();
        bytes.extend(brokers.to_be_bytes());
        for id in 1..=brokers {
            bytes.extend(id.to_be_bytes());
            put_text(&mut bytes, "127.0.0.1").unwrap();
            bytes.extend(19_092_i32.to_be_bytes());
            bytes.extend((-1_i16).to_be_bytes());
        }
        put_text(&mut bytes, "the cluster's id").unwrap();
        bytes
    }

    #[test]
    fn brokers_are_counted() {
        assert_eq!(read_brokers(&metadata(3)).unwrap(), 3);
        assert_eq!(read_brokers(&metadata(0)).unwrap(), 0);
        let whole = metadata(3);
        assert!(read_brokers(&whole[..30]).is_err());
    }

    #[test]
    fn a_refused_rule_is_told_in_kafkas_words() {
        let mut bytes = 0_i32.to_be_bytes().to_vec();
        bytes.extend(1_i32.to_be_bytes());
        bytes.extend(31_i16.to_be_bytes());
        put_text(&mut bytes, "not you").unwrap();
        let said = read_results(&bytes, 1).unwrap_err().to_string();
        assert!(said.contains("31") && said.contains("not you"), "{said}");
        assert!(read_results(&bytes, 2).is_err());
    }
}
