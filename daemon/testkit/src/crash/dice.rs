//! Chance that can be had again: the same seed throws the same numbers.

/// Dice with a seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that begin with this seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns dice of their own for one of several who throw at the same time, so that none
    /// depends on who is faster.
    pub const fn of(&self, round: u64, person: u64) -> Self {
        Self(self.0 ^ round.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ person.rotate_left(40))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number from 0 up to but not including `end`; 0 where that is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or(0)
    }

    /// Returns true so many times out of a hundred.
    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// Returns one of these; `None` where there are none.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let place = self.below(of.len() as u64);
        of.get(usize::try_from(place).unwrap_or(0)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same_and_each_person_has_dice_of_their_own() {
        let throws = |mut dice: Dice| (0..20).map(|_| dice.below(1_000)).collect::<Vec<_>>();
        assert_eq!(throws(Dice::new(7)), throws(Dice::new(7)));
        assert_ne!(throws(Dice::new(7)), throws(Dice::new(8)));
        assert_ne!(throws(Dice::new(7).of(1, 1)), throws(Dice::new(7).of(1, 2)));
        assert_ne!(throws(Dice::new(7).of(1, 1)), throws(Dice::new(7).of(2, 1)));
        assert_eq!(Dice::new(7).below(0), 0);
    }
}
