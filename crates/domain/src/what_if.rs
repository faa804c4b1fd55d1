//! What other rules for numbers would change for the calls there were: counting, and nothing else.
//!
//! Must not know how records are found. The counts do not depend on the order of the numbers, and may be gone on with at
//! any time.

use std::collections::BTreeSet;

/// What becomes of a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// The same records as before.
    Same,
    /// Nobody had it, somebody will.
    Gained,
    /// Somebody had it, nobody will.
    Lost,
    /// One record had it, several will.
    Ambiguous,
    /// Several records had it, one will.
    Clear,
    /// As many as before in kind, but others.
    Others,
}

/// How many, of something that is counted.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Counts {
    /// All of them.
    pub all: u32,
    /// Somebody has them now.
    pub matched_before: u32,
    /// Somebody would.
    pub matched_after: u32,
    /// Several have them now.
    pub ambiguous_before: u32,
    /// Several would.
    pub ambiguous_after: u32,
    /// Nobody has them now, somebody would.
    pub gained: u32,
    /// Somebody has them now, nobody would.
    pub lost: u32,
    /// Several would have them, and do not now.
    pub newly_ambiguous: u32,
    /// They would be somebody else's.
    pub others: u32,
}

/// What was counted so far.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Tally {
    /// Numbers, each once.
    pub numbers: Counts,
    /// Calls with them.
    pub calls: Counts,
}

impl Tally {
    /// Counts one number, with so many calls; says what becomes of it.
    pub fn add<R: Ord>(&mut self, calls: u32, before: &BTreeSet<R>, after: &BTreeSet<R>) -> Change {
        let change = Change::of(before, after);
        self.numbers.add(1, before.len(), after.len(), change);
        self.calls.add(calls, before.len(), after.len(), change);
        change
    }
}

impl Change {
    fn of<R: Ord>(before: &BTreeSet<R>, after: &BTreeSet<R>) -> Self {
        match (before.len(), after.len()) {
            _ if before == after => Self::Same,
            (0, _) => Self::Gained,
            (_, 0) => Self::Lost,
            (1, 2..) => Self::Ambiguous,
            (2.., 1) => Self::Clear,
            (1, 1) | (2.., 2..) => Self::Others,
        }
    }

    /// Stable, for the catalogs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Gained => "gained",
            Self::Lost => "lost",
            Self::Ambiguous => "ambiguous",
            Self::Clear => "clear",
            Self::Others => "others",
        }
    }
}

impl Counts {
    fn add(&mut self, count: u32, before: usize, after: usize, change: Change) {
        let raise = |at: &mut u32, is_so: bool| *at = at.saturating_add(if is_so { count } else { 0 });
        raise(&mut self.all, true);
        raise(&mut self.matched_before, before > 0);
        raise(&mut self.matched_after, after > 0);
        raise(&mut self.ambiguous_before, before > 1);
        raise(&mut self.ambiguous_after, after > 1);
        raise(&mut self.gained, change == Change::Gained);
        raise(&mut self.lost, change == Change::Lost);
        raise(&mut self.newly_ambiguous, before < 2 && after > 1);
        raise(&mut self.others, change == Change::Others);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn records(ids: &[u8]) -> BTreeSet<u8> {
        ids.iter().copied().collect()
    }

    #[test]
    fn each_change_has_its_name() {
        for (before, after, change) in [
            (&[][..], &[][..], Change::Same),
            (&[1], &[1], Change::Same),
            (&[], &[1], Change::Gained),
            (&[], &[1, 2], Change::Gained),
            (&[1], &[], Change::Lost),
            (&[1], &[1, 2], Change::Ambiguous),
            (&[1, 2], &[2], Change::Clear),
            (&[1], &[2], Change::Others),
            (&[1, 2], &[2, 3], Change::Others),
        ] {
            assert_eq!(Tally::default().add(1, &records(before), &records(after)), change);
        }
    }

    #[test]
    fn numbers_count_once_and_calls_as_often_as_there_were() {
        let mut tally = Tally::default();
        tally.add(7, &records(&[]), &records(&[1, 2]));
        tally.add(2, &records(&[1]), &records(&[]));
        tally.add(1, &records(&[1, 2]), &records(&[1, 2]));
        let numbers = tally.numbers;
        assert_eq!((numbers.all, numbers.matched_before, numbers.matched_after), (3, 2, 2));
        assert_eq!((numbers.gained, numbers.lost, numbers.newly_ambiguous), (1, 1, 1));
        assert_eq!((numbers.ambiguous_before, numbers.ambiguous_after), (1, 2));
        let calls = tally.calls;
        assert_eq!((calls.all, calls.gained, calls.lost, calls.newly_ambiguous), (10, 7, 2, 7));
    }

    type Number = (u32, BTreeSet<u8>, BTreeSet<u8>);

    fn numbers() -> impl Strategy<Value = Vec<Number>> {
        let set = || prop::collection::btree_set(0..4_u8, 0..3);
        prop::collection::vec((0..50_u32, set(), set()), 0..40)
    }

    fn count(tally: &mut Tally, numbers: &[Number]) {
        for (calls, before, after) in numbers {
            tally.add(*calls, before, after);
        }
    }

    proptest! {
        #[test]
        fn the_counts_agree_with_each_other(numbers in numbers()) {
            let mut tally = Tally::default();
            count(&mut tally, &numbers);
            for counts in [tally.numbers, tally.calls] {
                prop_assert_eq!(counts.matched_before + counts.gained, counts.matched_after + counts.lost);
                prop_assert!(counts.matched_before.max(counts.matched_after) <= counts.all);
                prop_assert!(counts.ambiguous_after <= counts.ambiguous_before + counts.newly_ambiguous);
                prop_assert!(counts.newly_ambiguous <= counts.ambiguous_after);
            }
        }

        #[test]
        fn neither_order_nor_pauses_change_them(numbers in numbers(), at in 0..40_usize) {
            let mut at_once = Tally::default();
            count(&mut at_once, &numbers);
            let (first, second) = numbers.split_at(at.min(numbers.len()));
            let mut in_parts = Tally::default();
            count(&mut in_parts, second);
            count(&mut in_parts, first);
            prop_assert_eq!(at_once, in_parts);
        }

        #[test]
        fn turned_around_what_is_gained_is_lost(numbers in numbers()) {
            let (mut there, mut back) = (Tally::default(), Tally::default());
            for (calls, before, after) in &numbers {
                there.add(*calls, before, after);
                back.add(*calls, after, before);
            }
            prop_assert_eq!(there.calls.gained, back.calls.lost);
            prop_assert_eq!(there.calls.matched_before, back.calls.matched_after);
            prop_assert_eq!(there.calls.others, back.calls.others);
        }
    }
}
