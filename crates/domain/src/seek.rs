//! Finding people and numbers by what somebody types: a part of a name, the Pinyin of a Chinese one or its initials, a
//! part of a number however it is written. Owns how well a text fits. Must not know where names come from.
//!
//! Case, accents and full-width forms do not matter. Each reading of a character that has several counts: 单 is found by
//! `shan` and by `dan`, because a name does not tell which of them it is.

use pinyin::ToPinyinMulti as _;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// So much of a name is looked through, and of a text; both may come from strangers.
const LONGEST: usize = 400;
/// Fewer digits are not looked for without their leading zeros: nearly every number has them.
const TELLING: usize = 3;

/// What somebody typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sought {
    /// Letters and digits between blanks; each must be found.
    words: Vec<Vec<char>>,
    /// All digits, where there are no letters.
    digits: Option<String>,
}

/// How well it fits; the best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fit {
    /// A name or number begins with it.
    Beginning,
    /// A word begins with it.
    Word,
    /// It is somewhere.
    Inside,
}

impl Sought {
    /// Reads a text; nothing where there is no letter and no digit in it.
    pub fn read(text: &str) -> Option<Self> {
        let text: String = folded(text).collect();
        let words: Vec<Vec<char>> = text
            .split_whitespace()
            .map(|word| word.chars().filter(|c| c.is_alphanumeric()).collect())
            .filter(|word: &Vec<char>| !word.is_empty())
            .collect();
        let digits = Some(digits(&text)).filter(|_| !text.chars().any(char::is_alphabetic));
        (!words.is_empty()).then_some(Self { words, digits: digits.filter(|digits| !digits.is_empty()) })
    }

    /// Whether it can only be a number, or a part of one.
    pub fn is_number(&self) -> bool {
        self.digits.is_some()
    }

    /// How well it fits somebody with this name, company, and number in these notations.
    pub fn fit(&self, name: &str, company: &str, numbers: &[&str]) -> Option<Fit> {
        let numbers: Vec<String> = numbers.iter().map(|number| digits(number)).collect();
        let of_number = self.digits.as_deref().and_then(|sought| fit_of_numbers(sought, &numbers));
        let (name, company) = (letters(name), letters(company));
        let fit_of_word = |word: &Vec<char>| {
            let of_name = fit_of_letters(word, &name);
            // Who works for Lin & Co is not called Lin.
            let of_company = fit_of_letters(word, &company).map(|fit| fit.max(Fit::Word));
            let is_number = word.iter().all(char::is_ascii_digit);
            let digits: String = word.iter().collect();
            let of_number = is_number.then(|| fit_of_numbers(&digits, &numbers)).flatten();
            // Digits of a text of several words are no beginning of anything.
            let of_number = of_number.map(|fit| fit.max(Fit::Word)).filter(|_| self.digits.is_none());
            [of_name, of_company, of_number].into_iter().flatten().min()
        };
        let of_words: Option<Vec<Fit>> = self.words.iter().map(fit_of_word).collect();
        // `Lin Mei`, `mei lin`: the first word may be found behind the second.
        let of_words = of_words.and_then(|fits| {
            let is_at_the_beginning = fits.contains(&Fit::Beginning);
            let worst = fits.into_iter().max()?;
            Some(if is_at_the_beginning && worst == Fit::Word { Fit::Beginning } else { worst })
        });
        [of_number, of_words].into_iter().flatten().min()
    }
}

/// Whether two names are the same but for case, accents, blanks and punctuation.
pub fn is_same_name(one: &str, other: &str) -> bool {
    let plain = |name: &str| folded(name).filter(|c| c.is_alphanumeric()).collect::<String>();
    plain(one) == plain(other)
}

/// Without case and accents, in the ordinary forms of letters and digits.
fn folded(text: &str) -> impl Iterator<Item = char> {
    let plain = text.chars().take(LONGEST).flat_map(char::to_lowercase).nfkd();
    plain.filter(|c| !is_combining_mark(*c))
}

fn digits(text: &str) -> String {
    folded(text).filter(char::is_ascii_digit).collect()
}

fn fit_of_numbers(sought: &str, numbers: &[String]) -> Option<Fit> {
    // 0049 89 … and 089 … mean +49 89 …, which has none of these zeros.
    let bare = Some(sought.trim_start_matches('0')).filter(|bare| bare.len() >= TELLING);
    let ways = || std::iter::once(sought).chain(bare);
    let any =
        |fits: fn(&str, &str) -> bool| numbers.iter().any(|number| ways().any(|sought| fits(number, sought)));
    if any(|number, sought| number.starts_with(sought)) {
        Some(Fit::Beginning)
    } else if any(|number, sought| number.contains(sought)) {
        Some(Fit::Inside)
    } else {
        None
    }
}

/// A letter or digit of a name.
struct Letter {
    c: char,
    /// What a text that is found from here on fits.
    begins: Fit,
    /// How it is read, where it is Chinese.
    readings: Vec<String>,
}

/// A name without its blanks and punctuation.
fn letters(name: &str) -> Vec<Letter> {
    let mut letters: Vec<Letter> = Vec::new();
    let mut is_word = true;
    for c in folded(name) {
        if !c.is_alphanumeric() {
            is_word = true;
            continue;
        }
        let readings = readings(c);
        let begins = match letters.last() {
            None => Fit::Beginning,
            // Chinese is written without blanks.
            Some(before) if is_word || !readings.is_empty() || !before.readings.is_empty() => Fit::Word,
            Some(_) => Fit::Inside,
        };
        letters.push(Letter { c, begins, readings });
        is_word = false;
    }
    letters
}

fn readings(c: char) -> Vec<String> {
    if c.is_ascii() {
        return Vec::new();
    }
    let mut readings = Vec::new();
    for plain in c.to_pinyin_multi().into_iter().flatten().map(|reading| reading.plain()) {
        // No keyboard has an ü for Pinyin: it is typed as v, and by many as u.
        for letter in ["v", "u"] {
            let typed = plain.replace('ü', letter);
            if typed.is_ascii() && !readings.contains(&typed) {
                readings.push(typed);
            }
        }
    }
    readings
}

/// The best place where a word is found, one letter of the name after the other.
fn fit_of_letters(word: &[char], name: &[Letter]) -> Option<Fit> {
    let mut best: Option<Fit> = None;
    // By how much of the word has been taken so far: from where on.
    let mut taken: Vec<Option<Fit>> = vec![None; word.len()];
    for letter in name {
        let mut then: Vec<Option<Fit>> = vec![None; word.len()];
        if let Some(none) = taken.first_mut() {
            *none = Some(letter.begins);
        }
        for (at, fit) in taken.iter().enumerate() {
            let (Some(fit), Some(rest)) = (*fit, word.get(at..)) else { continue };
            for takes in letter.takes(rest) {
                let place = then.get_mut(at + takes).unwrap_or(&mut best);
                *place = Some(place.map_or(fit, |known| known.min(fit)));
            }
        }
        taken = then;
    }
    best
}

impl Letter {
    /// How many characters of a text it may stand for: itself, its reading, or the initial of that.
    fn takes(&self, rest: &[char]) -> Vec<usize> {
        let mut takes = Vec::new();
        if rest.first() == Some(&self.c) {
            takes.push(1);
        }
        for reading in &self.readings {
            let common = reading.chars().zip(rest).take_while(|(one, other)| one == *other).count();
            let initial =
                if reading.starts_with(['z', 'c', 's']) && reading.get(1..2) == Some("h") { 2 } else { 1 };
            // The last one need not be written out.
            takes.extend((1..=common).filter(|n| *n <= initial || *n == reading.len() || *n == rest.len()));
        }
        takes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(text: &str, name: &str) -> Option<Fit> {
        Sought::read(text)?.fit(name, "", &[])
    }

    fn fit_of_number(text: &str, numbers: &[&str]) -> Option<Fit> {
        Sought::read(text)?.fit("", "", numbers)
    }

    #[test]
    fn the_beginning_of_a_name_beats_that_of_a_word_and_that_the_inside() {
        assert_eq!(fit("lin", "Lin Mei"), Some(Fit::Beginning));
        assert_eq!(fit("mei", "Lin Mei"), Some(Fit::Word));
        assert_eq!(fit("in", "Lin Mei"), Some(Fit::Inside));
        assert_eq!(fit("lee", "Lin Mei"), None);
        assert!(Fit::Beginning < Fit::Word && Fit::Word < Fit::Inside);
    }

    #[test]
    fn all_words_are_found_in_any_order_also_in_the_company() {
        assert_eq!(fit("mei lin", "Lin Mei"), Some(Fit::Beginning));
        assert_eq!(fit("mei lee", "Lin Mei"), None);
        let lotus =
            |text: &str| Sought::read(text).unwrap().fit("Mei Lin", "Lotus Trading", &["13800138000"]);
        assert_eq!(lotus("lotus"), Some(Fit::Word));
        assert_eq!(lotus("mei lotus"), Some(Fit::Beginning));
        assert_eq!(lotus("trading 138"), Some(Fit::Word));
        assert_eq!(lotus("trading 7000"), None);
    }

    #[test]
    fn case_accents_width_blanks_and_punctuation_do_not_matter() {
        for (text, name) in [
            ("zoe", "ZOË"),
            ("Ångström", "angstrom"),
            ("oneill", "O\u{2019}Neill"),
            ("ｌｉｎ", "Lin"),
            ("lin", "ＬＩＮ"),
            ("wangfang", "Wang Fang"),
            ("o'neill", "Oneill"),
        ] {
            assert_eq!(fit(text, name), Some(Fit::Beginning), "{text} {name}");
        }
        assert!(is_same_name("Zoë  LIN", "zoe lin") && !is_same_name("Zoe", "Zoe Lin"));
    }

    #[test]
    fn chinese_names_are_found_by_pinyin_initials_and_both_mixed() {
        for text in
            ["zs", "zhangs", "zhangsan", "zhang san", "zsan", "zhs", "z", "张", "张s", "zhang三", "ZS"]
        {
            assert_eq!(fit(text, "张三"), Some(Fit::Beginning), "{text}");
        }
        assert_eq!(fit("san", "张三"), Some(Fit::Word));
        assert_eq!(fit("三", "张三"), Some(Fit::Word));
        for text in ["sz", "zt", "zhangsi", "angs", "zhngs"] {
            assert_eq!(fit(text, "张三"), None, "{text}");
        }
        // Two syllables or one.
        assert_eq!(fit("xian", "西安"), Some(Fit::Beginning));
        assert_eq!(fit("xian", "先生"), Some(Fit::Beginning));
        assert_eq!(fit("ldhy", "鹭岛海运有限公司"), Some(Fit::Beginning));
    }

    #[test]
    fn every_reading_of_a_character_counts() {
        for (text, name) in [
            ("shanl", "单雷"),
            ("danl", "单雷"),
            ("zengl", "曾丽"),
            ("cq", "重庆"),
            ("zhongq", "重庆"),
            ("lvm", "吕明"),
            ("lum", "吕明"),
            ("lm", "吕明"),
        ] {
            assert_eq!(fit(text, name), Some(Fit::Beginning), "{text} {name}");
        }
    }

    #[test]
    fn digits_find_a_number_in_any_written_form() {
        let line = ["+865925503301", "0592 550 3301"];
        for text in ["0592", "0592-550", "(0592) 5503301", "+86 592", "0086592", "０５９２", "86 592 550 33"]
        {
            assert_eq!(fit_of_number(text, &line), Some(Fit::Beginning), "{text}");
        }
        assert_eq!(fit_of_number("3301", &line), Some(Fit::Inside));
        assert_eq!(fit_of_number("05925503302", &line), None);
        assert_eq!(fit_of_number("550 3301", &line), Some(Fit::Inside));
        assert_eq!(fit_of_number("100", &["1001"]), Some(Fit::Beginning));
        // A name may have digits too.
        assert_eq!(fit("7 eleven", "7-Eleven"), Some(Fit::Beginning));
        assert_eq!(fit("24", "Service 24"), Some(Fit::Word));
    }

    #[test]
    fn nothing_typed_looks_for_nothing() {
        for text in ["", "  ", "-", "+", "…", "\u{200f}"] {
            assert_eq!(Sought::read(text), None, "{text:?}");
        }
    }

    #[test]
    fn long_names_are_looked_through_and_longer_ones_cost_no_more() {
        let name = format!("{}z", "a".repeat(299));
        assert_eq!(fit("z", &name), Some(Fit::Inside));
        assert_eq!(fit(&"a".repeat(300), &name), None);
        // The worst: a name that is read in many ways, and a text that nearly fits all of them.
        let name = "重".repeat(100_000);
        assert_eq!(fit(&format!("{}x", "zczhongchong".repeat(30)), &name), None);
    }
}
