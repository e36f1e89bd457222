//! Reproducible choices: the splitmix64 generator, the same on every platform and in every release.
//!
//! Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014); the constants are the
//! reference ones of <https://prng.di.unimi.it/splitmix64.c>.

const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// A stream of choices that depends only on its initial state.
#[derive(Clone, Debug)]
pub(super) struct Random {
    state: u64,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Creates the stream of one item of a family: a minute, a post, a user.
    pub fn of(seed: u64, family: u64, item: u64) -> Self {
        let family_seed = Self::new(seed ^ mix(family)).next();
        Self::new(family_seed ^ mix(item.wrapping_add(GOLDEN_GAMMA)))
    }

    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN_GAMMA);
        mix(self.state)
    }

    /// Returns a number in `0..bound` by multiply and shift; the bias of 2^-32 does not matter for generated traffic.
    pub fn below(&mut self, bound: u32) -> u32 {
        let high = self.next() >> 32;
        u32::try_from((high * u64::from(bound)) >> 32).unwrap_or(0)
    }

    /// Returns true with a probability of `permille` in a thousand.
    pub fn chance(&mut self, permille: u32) -> bool {
        self.below(1_000) < permille
    }

    /// Returns one element of a list that is not empty.
    pub fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        let length = u32::try_from(list.len()).unwrap_or(u32::MAX);
        list[self.below(length) as usize]
    }
}

fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_reference_code() {
        let mut random = Random::new(1_234_567);
        for want in [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423_u64] {
            assert_eq!(random.next(), want);
        }
    }

    #[test]
    fn numbers_are_below_their_limit() {
        let mut random = Random::new(7);
        assert!((0..1_000).all(|_| random.below(3) < 3));
    }
}
