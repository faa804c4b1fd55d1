//! Any text at all: a million of them, mutated and made up, from fixed seeds.

use super::*;
use crate::number::{Plan, digits_of};

const LINKS: usize = 1_000_000;
/// Links come from strangers; people's own texts are tried half as often.
const TYPED_EVERY: usize = 2;
/// Number plans cost more than reading does.
const PLANNED_EVERY: usize = 20;

/// SplitMix64: small, seeded, good enough for choosing.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.roll() % limit as u64).unwrap()
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

const SEEDS: [&str; 24] = [
    "tel:+1-212-555-0100;ext=12",
    "tel:555-0100;phone-context=+1-212",
    "tel:%2B8613800138000,,123%23",
    "tel:+49(0)30123456;isub=1",
    "tel:1-800-FLOWERS",
    "tel:110",
    "tel:9,05925503309",
    "tel:+8816123456p12w3",
    "callto://+12125550100/?call",
    "sip:+12125550100@pbx.example:5060;user=phone",
    "sips:1001@pbx.example",
    "sip:1001:secret@pbx.example",
    "deskring:dial?number=%2B12125550100%3Bext%3D12",
    "deskring://dial?number=+44+7700+900123",
    "deskring:+447700900123",
    "deskring:settings",
    "tel:*73",
    "+86 138 0013 8000 转 8001",
    "Tel.: +49 (0)30 123456 ext. 2",
    "０５９２－５５０３３０９ 分机号８００１",
    "1-800-GO-FEDEX x12",
    "*21*13800138000#",
    "0592-5503309/5503310",
    "\u{202a}+44 7700 900123\u{202c}",
];

const SCRAPS: [&str; 40] = [
    "tel:",
    "sip:",
    "deskring:dial?number=",
    "callto:",
    "+",
    "*",
    "#",
    ";",
    ",",
    "p",
    "w",
    "x",
    "ext",
    "%",
    "%2A",
    "%23",
    "%2B",
    "%25",
    "%00",
    "%0a",
    "%e2%80%ae",
    "%ff",
    "@",
    "?",
    "&",
    "=",
    "(0)",
    "/",
    " ",
    "-",
    "110",
    "00",
    "979",
    "\u{202e}",
    "\u{0}",
    "\n",
    "＊",
    "٣",
    "转",
    ";phone-context=+1",
];

/// A text: a seed with changes, scraps in a row, or characters of all of Unicode.
fn text(dice: &mut Dice) -> String {
    match dice.below(8) {
        0 => {
            let length = dice.below(24);
            let any = |dice: &mut Dice| char::from_u32(u32::try_from(dice.below(0x11_0000)).unwrap());
            (0..length).filter_map(|_| any(dice)).collect()
        }
        1 => {
            let length = dice.below(40);
            let bytes: Vec<u8> = (0..length).map(|_| u8::try_from(dice.below(256)).unwrap()).collect();
            format!("{}{}", dice.of(&["", "tel:", "sip:", "deskring:"]), String::from_utf8_lossy(&bytes))
        }
        2 => {
            let length = dice.below(12);
            (0..length).map(|_| dice.of(&SCRAPS)).collect()
        }
        3 => {
            let digits: String =
                (0..=dice.below(30)).map(|_| dice.of(&["0", "1", "2", "5", "8", "9"])).collect();
            format!("{}{}{digits}", dice.of(&["tel:", "", "deskring:"]), dice.of(&["", "+", "00", "9"]))
        }
        _ => {
            let mut text: Vec<char> = dice.of(&SEEDS).chars().collect();
            for _ in 0..dice.below(4) {
                let at = dice.below(text.len() + 1);
                match dice.below(4) {
                    0 if at < text.len() => drop(text.remove(at)),
                    1 if at < text.len() => text[at] = char::from(u8::try_from(dice.below(128)).unwrap()),
                    2 => text.truncate(at.max(1)),
                    _ => drop(text.splice(at..at, dice.of(&SCRAPS).chars().collect::<Vec<_>>())),
                }
            }
            text.into_iter().collect()
        }
    }
}

fn dialable(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_digit() || "+*#".contains(*c)).collect()
}

/// What holds for everything that can be dialed.
fn check_link(link: &DialLink, text: &str) {
    let (number, shown) = (link.number(), link.shown());
    assert_eq!(number, dialable(shown), "{text:?}");
    assert!(
        shown.len() <= 50 && number.len() <= 25 && number.chars().any(|c| c.is_ascii_digit()),
        "{text:?}"
    );
    assert!(shown.chars().all(|c| c.is_ascii_digit() || "+*# -./".contains(c)), "{text:?}: {shown:?}");
    assert!(number.rfind('+').is_none_or(|at| at == 0), "{text:?}");
    let keys = link.post_dial().unwrap_or_default();
    assert!(keys.len() <= 64 && keys.chars().all(|c| c.is_ascii_digit() || "*#,;".contains(c)), "{text:?}");
    let ext = link.ext().unwrap_or("1");
    assert!((1..=11).contains(&ext.len()) && ext.chars().all(|c| c.is_ascii_digit()), "{text:?}");
    if link.scheme().is_some() {
        assert!(!number.contains(['*', '#']) && !link.is_code(), "{text:?}");
    } else if !text.contains(|c: char| c.is_alphabetic() || matches!(c, '\u{ff21}'..='\u{ff5a}')) {
        // No letters that spell: nothing is dialed that was not typed, and in that order.
        let mut typed = text.chars().flat_map(|c| digits_of(c.encode_utf8(&mut [0; 4])).chars().next());
        let digits = number.chars().filter(char::is_ascii_digit);
        assert!({ digits }.all(|digit| typed.any(|other| other == digit)), "{text:?}: {number}");
    }
}

/// And for what the PBX is told.
fn check_dialed(dialed: &Dialed, link: &DialLink, text: &str) {
    let (number, shown) = (dialed.number(), dialed.shown());
    assert_eq!(number, dialable(shown), "{text:?}");
    assert!((1..=31).contains(&number.len()), "{text:?}: {number}");
    assert!(shown.chars().all(|c| c.is_ascii_digit() || "+*# -./".contains(c)), "{text:?}: {shown:?}");
    assert_eq!(number.contains(['*', '#']), link.is_code(), "{text:?}");
    if !dialed.understood {
        // As it is written, after the prefixes.
        assert!(number.ends_with(link.number().trim_start_matches('+')), "{text:?}: {number}");
    }
    assert_eq!(dialed.caution == Some(Caution::FeatureCode), link.is_code(), "{text:?}");
}

#[test]
fn a_million_texts_dial_nothing_but_what_they_show() {
    std::thread::scope(|scope| {
        for seed in [6, 7] {
            scope.spawn(move || check_texts(Dice(seed), LINKS / 2));
        }
    });
}

fn check_texts(mut dice: Dice, many: usize) {
    let plans = [
        (Plan::new("CN", "592", "9").unwrap(), Outgoing::default()),
        (Plan::new("US", "212", "").unwrap(), Outgoing::new("+").unwrap()),
        (Plan::new("DE", "30", "0").unwrap(), Outgoing::new("00").unwrap()),
        (Plan::default(), Outgoing::new("011").unwrap()),
    ];
    let (mut read, mut planned) = (0, 0);
    for n in 0..many {
        let text = text(&mut dice);
        let typed = (n % TYPED_EVERY == 0).then(|| DialLink::typed(&text).ok()).flatten();
        for link in DialLink::parse(&text).iter().chain(&typed) {
            check_link(link, &text);
            read += 1;
            if n % PLANNED_EVERY == 0 {
                let (plan, outgoing) = &plans[dice.below(plans.len())];
                if let Ok(dialed) = outgoing.dial(link, plan, |digits| digits.len() == 4) {
                    check_dialed(&dialed, link, &text);
                    planned += 1;
                }
            }
        }
    }
    // Otherwise it would say nothing.
    assert!(read > many / 4 && planned > many / 100, "{read} {planned}");
}

#[test]
fn what_is_dialed_means_the_number_that_was_asked_for() {
    let mut dice = Dice(7);
    let plan = Plan::new("CN", "592", "").unwrap();
    let outgoing = Outgoing::default();
    for _ in 0..20_000 {
        let text = text(&mut dice);
        let Ok(link) = DialLink::typed(&text) else { continue };
        let Ok(dialed) = outgoing.dial(&link, &plan, |_| false) else { continue };
        if dialed.understood && !link.is_code() {
            assert_eq!(plan.read(&dialed.number()).key(), dialed.key, "{text:?}");
        }
    }
}
