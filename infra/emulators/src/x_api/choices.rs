//! Choices for generated posts. They scale by multiply and shift, not by modulo: the traffic of a seed must never change.

use crate::random::Random;

/// A stream of choices that depends only on its initial state.
#[derive(Clone, Debug)]
pub(super) struct Choices(Random);

impl Choices {
    /// Creates the stream of one item of a family: a minute, a post, a user.
    pub fn of(seed: u64, family: u64, item: u64) -> Self {
        Self(Random::of_item(seed, family, item))
    }

    /// Returns the next number.
    pub fn number(&mut self) -> u64 {
        self.0.number()
    }

    /// Returns a number in `0..bound`; the bias of 2^-32 does not matter for generated traffic.
    pub fn below(&mut self, bound: u32) -> u32 {
        let high = self.number() >> 32;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_below_their_limit() {
        let mut choices = Choices::of(7, 0, 0);
        assert!((0..1_000).all(|_| choices.below(3) < 3));
    }
}
