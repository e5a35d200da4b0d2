//! Where a key goes: Kafka's own hash, as Java's producers and ours (`murmur2_random`) use it.

/// The partition of a key in a topic of `partitions`; 0 where there are none.
pub fn partition(key: &[u8], partitions: i32) -> i32 {
    match partitions {
        ..=0 => 0,
        // The sign bit is cleared and not negated, as in Java.
        _ => (murmur2(key) & 0x7fff_ffff) as i32 % partitions,
    }
}

/// Austin Appleby's MurmurHash2 with the seed that Kafka took.
fn murmur2(key: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = 0x9747_b28c ^ key.len() as u32;
    let mut words = key.chunks_exact(4);
    for word in words.by_ref() {
        let mut k = u32::from_le_bytes([word[0], word[1], word[2], word[3]]).wrapping_mul(M);
        k ^= k >> 24;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    let tail = words.remainder();
    if !tail.is_empty() {
        let bytes = tail.iter().enumerate().fold(0, |bytes, (i, byte)| bytes | u32::from(*byte) << (8 * i));
        hash = (hash ^ bytes).wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_javas() {
        // Values of librdkafka's own test against Java.
        for (key, hash) in [
            ("kafka", 0xd067_cf64),
            ("giberish123456789", 0x8f55_2b0c),
            ("1234", 0x9fc9_7b14),
            ("234", 0xe7c0_09ca),
            ("34", 0x8739_30da),
            ("4", 0x5a4b_5ca1),
            ("PreAmbleWillBeRemoved,ThePrePartThatIs", 0x7842_4f1c),
            ("reAmbleWillBeRemoved,ThePrePartThatIs", 0x4a62_b377),
            ("", 0x106e_08d9),
        ] {
            assert_eq!(murmur2(key.as_bytes()), hash, "{key}");
        }
    }

    #[test]
    fn partitions_are_in_range() {
        assert!((0..1000).all(|n: u32| (0..12).contains(&partition(&n.to_le_bytes(), 12))));
        assert_eq!(partition(b"x", 0), 0);
    }
}
