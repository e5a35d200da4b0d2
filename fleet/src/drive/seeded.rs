//! Chance that is the same each time: a small generator (splitmix64) for drives, noise and demo couriers. Not for secrets.

/// A sequence of numbers that its seed determines.
#[derive(Debug, Clone)]
pub struct Seeded(u64);

impl Seeded {
    /// The sequence of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The sequence of a text, as of a courier's name.
    pub fn of_text(text: &str) -> Self {
        // FNV-1a: the standard library's hashers may change between releases, what is sent must not.
        let hash = text
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(hash)
    }

    /// A sequence of its own for number `n` of something, so that no order of asking matters.
    pub fn fork(&self, n: u64) -> Self {
        Self(Self(self.0 ^ n.wrapping_mul(0xd134_2543_de82_ef95)).next_u64())
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The next number in [0, 1).
    pub fn share(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// The next number in [`low`, `high`).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    /// The next index below `len`; 0 where `len` is 0.
    pub fn index(&mut self, len: usize) -> usize {
        (self.next_u64() % (len.max(1) as u64)) as usize
    }

    /// Two independent numbers of the normal distribution (mean 0, deviation 1; Box-Muller).
    pub fn normal_pair(&mut self) -> (f64, f64) {
        let radius = (-2.0 * (1.0 - self.share()).ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * self.share()).sin_cos();
        (radius * cos, radius * sin)
    }
}
