use std::time::Duration;

use super::*;
use crate::machine::Now;
use crate::number::Plan;

/// Number, extension and keys of a link.
fn link(text: &str) -> Result<(String, Option<String>, Option<String>), LinkFault> {
    DialLink::parse(text).map(|link| parts(&link))
}

fn typed(text: &str) -> Result<(String, Option<String>, Option<String>), LinkFault> {
    DialLink::typed(text).map(|link| parts(&link))
}

fn parts(link: &DialLink) -> (String, Option<String>, Option<String>) {
    (link.number(), link.ext().map(str::to_owned), link.post_dial().map(str::to_owned))
}

fn number(text: &str) -> (String, Option<String>, Option<String>) {
    (text.to_owned(), None, None)
}

#[test]
fn a_link_says_which_number_it_asks_for() {
    for (text, dialed) in [
        ("tel:+12125550100", "+12125550100"),
        ("TEL:+1-212-555-0100", "+12125550100"),
        ("tel:+1.212.555.0100", "+12125550100"),
        ("tel:+1(212)5550100", "+12125550100"),
        ("tel:%2B1%20212%20555%200100", "+12125550100"),
        ("tel:+1 212 555 0100", "+12125550100"),
        ("tel://+12125550100", "+12125550100"),
        ("  tel:+12125550100\n", "+12125550100"),
        ("tel:+49(0)30123456", "+4930123456"),
        ("tel:0049%20(0)30%20123456", "004930123456"),
        ("tel:+39(0)612345678", "+390612345678"),
        ("tel:13800138000", "13800138000"),
        ("tel:0592%2D5503309", "05925503309"),
        ("tel:%EF%BC%8B%EF%BC%98%EF%BC%96 138 0013 8000", "+8613800138000"),
        ("tel:(+86)13800138000", "+8613800138000"),
        ("tel:%E2%80%AA+8613800138000%E2%80%AC", "+8613800138000"),
        ("tel:1001", "1001"),
        ("tel:+12125550100;isub=12345;npdi;verstat=TN-Validation-Passed", "+12125550100"),
        ("tel:+12125550100?subject=hello&body=%zz", "+12125550100"),
        ("tel:1-800-FLOWERS", "18003569377"),
        ("callto:+12125550100", "+12125550100"),
        ("callto://+12125550100/", "+12125550100"),
        ("callto:+12125550100?call", "+12125550100"),
        ("sip:+12125550100@pbx.example", "+12125550100"),
        ("sip:+12125550100@192.0.2.1:5060;user=phone?priority=urgent", "+12125550100"),
        ("sips:1001@pbx.example", "1001"),
        ("sip:+1-212-555-0100;isub=1@pbx.example;user=phone", "+12125550100"),
        ("sip:1001", "1001"),
        ("sip:1001;transport=tls", "1001"),
        ("deskring:dial?number=%2B12125550100", "+12125550100"),
        ("deskring://dial?number=+1+212+555+0100", "+12125550100"),
        ("deskring://dial/?from=page&number=13800138000", "13800138000"),
        ("DESKRING:Dial?number=13800138000", "13800138000"),
        ("deskring:+447700900123", "+447700900123"),
        ("deskring:%2B447700900123", "+447700900123"),
        ("deskring://13800138000/", "13800138000"),
    ] {
        assert_eq!(link(text), Ok(number(dialed)), "{text}");
    }
}

#[test]
fn a_link_that_asks_for_anything_else_is_refused() {
    use LinkFault::*;
    for (text, fault) in [
        ("", UnknownScheme),
        ("13800138000", UnknownScheme),
        ("http://example.com/13800138000", UnknownScheme),
        ("javascript:13800138000", UnknownScheme),
        ("file:///13800138000", UnknownScheme),
        ("mailto:13800138000", UnknownScheme),
        ("tel :13800138000", UnknownScheme),
        ("t%65l:13800138000", UnknownScheme),
        ("tel:", NoNumber),
        ("tel:+", NoNumber),
        ("tel:()", NoNumber),
        ("tel:;ext=12", NoNumber),
        ("tel:?13800138000", NoNumber),
        ("tel:,,123", NoNumber),
        ("tel:anna", NotANumber),
        ("tel:12ab", NotANumber),
        ("tel:+49+30", NotANumber),
        ("tel:++4930123456", NotANumber),
        ("tel:138\u{0}00138000", NotANumber),
        ("tel:138%0013800", NotANumber),
        ("tel:138%0A00138000", NotANumber),
        ("tel:138$(reboot)", NotANumber),
        ("tel:13800138000;ext=`id`", NotANumber),
        ("tel:13800138000&calc", NotANumber),
        ("tel:13800138000 --window", NotANumber),
        ("tel:1001:2002", NotANumber),
        ("tel:1001@pbx.example", NotANumber),
        ("tel:5550100;phone-context=+1<2>", NotANumber),
        ("tel:5550100;phone-context=", NotANumber),
        ("tel:%2", BadEscape),
        ("tel:%zz13800138000", BadEscape),
        ("tel:%+113800138000", BadEscape),
        ("tel:13800138000%", BadEscape),
        ("tel:%FF13800138000", BadEscape),
        ("tel:13800138000;x=%g0", BadEscape),
        // An escaped semicolon divides nothing: here it waits for keys, and these are none.
        ("tel:+12125550100%3Bphone-context=+44", NotANumber),
        // Decoded once, what is left is an escape no longer.
        ("tel:%252B8613800138000", NotANumber),
        ("deskring:dial?number=%252B8613800138000", NotANumber),
        ("tel:*73", FeatureCode),
        ("tel:%2A73", FeatureCode),
        ("tel:%EF%BC%8A73", FeatureCode),
        ("tel:*72,13800138000", FeatureCode),
        ("tel:%2321%23", FeatureCode),
        ("tel:1001#", FeatureCode),
        ("tel:73;phone-context=*", NotANumber),
        ("callto:**21*13800138000", FeatureCode),
        ("sip:*73@pbx.example", FeatureCode),
        ("deskring:*73", FeatureCode),
        ("deskring:dial?number=*73", FeatureCode),
        ("deskring:dial?number=%2A73", FeatureCode),
        ("sip:anna@pbx.example", NotANumber),
        ("sip:1-800-flowers@pbx.example", NotANumber),
        ("sip:192.0.2.1", NotANumber),
        ("sip:192.0.2.1:5060", NotANumber),
        ("sip:[2001:db8::1]", NotANumber),
        ("sip:911@1001@pbx.example", NotANumber),
        ("sip:1001:secret@pbx.example", Password),
        ("sip:@pbx.example", NoNumber),
        ("deskring:", NotADialLink),
        ("deskring:settings", NotADialLink),
        ("deskring://panel?number=13800138000", NotADialLink),
        ("deskring:dial", NoNumber),
        ("deskring:dial?phone=13800138000", NoNumber),
        ("deskring:dial?number=", NoNumber),
        ("deskring:dial?number=13800138000&number=110", SeveralNumbers),
        ("tel:1234567890123456789012345", TooLong),
        ("tel:1001,12345678901234567890123456789012345678901234567890123456789012345", TooLong),
    ] {
        assert_eq!(link(text), Err(fault), "{text:?}");
    }
    assert_eq!(link(&format!("tel:1001{}", " ".repeat(600))), Err(TooLong));
}

#[test]
fn what_follows_a_number_is_kept_apart_and_never_dialed() {
    for (text, dialed, ext, keys) in [
        ("tel:+12125550100;ext=12", "+12125550100", "12", ""),
        ("tel:+12125550100;EXT=1-2", "+12125550100", "12", ""),
        ("tel:+12125550100%20ext.%2012", "+12125550100", "12", ""),
        ("tel:+12125550100x12", "+12125550100", "12", ""),
        ("deskring:dial?number=%2B12125550100%3Bext%3D12", "+12125550100", "12", ""),
        ("tel:+12125550100,,123456%23", "+12125550100", "", ",,123456#"),
        ("tel:+12125550100,,123#,*6", "+12125550100", "", ",,123#,*6"),
        ("tel:+12125550100p12", "+12125550100", "", ",12"),
        ("tel:+12125550100pp12w3", "+12125550100", "", ",,12;3"),
        ("tel:+12125550100;123", "+12125550100", "", ";123"),
        ("tel:+12125550100;postd=pp22", "+12125550100", "", ",,22"),
        ("tel:+12125550100%2C%2C12", "+12125550100", "", ",,12"),
        ("tel:+12125550100,", "+12125550100", "", ""),
        ("tel:9,05925503309", "905925503309", "", ""),
        ("tel:9,,05925503309,12", "905925503309", "", ",12"),
    ] {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        assert_eq!(link(text), Ok((dialed.to_owned(), some(ext), some(keys))), "{text}");
    }
}

#[test]
fn a_context_completes_a_local_number() {
    for (text, dialed) in [
        ("tel:555-0100;phone-context=+1-212", "+12125550100"),
        ("tel:555-0100;Phone-Context=%2B1212", "+12125550100"),
        ("tel:02079460018;phone-context=+44", "+4402079460018"),
        ("tel:1001;phone-context=pbx.example", "1001"),
        ("tel:+12125550100;phone-context=+44", "+12125550100"),
        ("sip:1001;phone-context=pbx.example@pbx.example", "1001"),
    ] {
        assert_eq!(link(text), Ok(number(dialed)), "{text}");
    }
}

#[test]
fn what_people_type_is_read_as_they_mean_it() {
    for (text, dialed) in [
        ("13800138000", "13800138000"),
        (" +86 138 0013 8000 ", "+8613800138000"),
        ("０５９２－５５０３３０９", "05925503309"),
        ("＋８６ １３８００１３８０００", "+8613800138000"),
        ("٠١٢٣٤٥٦٧٨٩", "0123456789"),
        ("+49 (0)30 123456", "+4930123456"),
        ("+49（0）30 123456", "+4930123456"),
        ("0049 (0) 30 123456", "004930123456"),
        ("+39 (0)6 12345678", "+390612345678"),
        ("(212) 555–0100", "2125550100"),
        ("030/123456", "030123456"),
        ("[0592] 550.3309", "05925503309"),
        ("Tel: 0592-5503309", "05925503309"),
        ("Tel.: +49 30 123456", "+4930123456"),
        ("电话：138 0013 8000", "13800138000"),
        ("“138 0013 8000”", "13800138000"),
        ("<13800138000>", "13800138000"),
        ("138\t0013\t8000", "13800138000"),
        ("\u{202a}+8613800138000\u{202c}", "+8613800138000"),
        ("138\u{200b}0013\u{ad}8000", "13800138000"),
        ("1-800-FLOWERS", "18003569377"),
        ("1-800-GO-FEDEX", "18004633339"),
        ("9,05925503309", "905925503309"),
        ("ext 8001", "8001"),
        ("分机 8001", "8001"),
        ("转８００１", "8001"),
        ("110", "110"),
        ("*73", "*73"),
        ("＊73", "*73"),
        ("*21*13800138000#", "*21*13800138000#"),
        ("tel:+12125550100", "+12125550100"),
        ("sip:1001@pbx.example", "1001"),
    ] {
        assert_eq!(typed(text), Ok(number(dialed)), "{text}");
    }
}

#[test]
fn extensions_are_found_however_they_are_typed() {
    for (text, ext) in [
        ("0592-5503309 ext 2", "2"),
        ("0592-5503309 ext. 2", "2"),
        ("0592-5503309 Ext: 2", "2"),
        ("0592-5503309 (ext 2)", "2"),
        ("0592-5503309 extension 2", "2"),
        ("0592-5503309 x12", "12"),
        ("0592-5503309x12", "12"),
        ("0592-5503309 X 12", "12"),
        ("0592-5503309 #12", "12"),
        ("0592-5503309转8001", "8001"),
        ("0592-5503309 转 8001", "8001"),
        ("0592-5503309 轉 8001", "8001"),
        ("0592-5503309 分机 8001", "8001"),
        ("0592-5503309 分机号：8001", "8001"),
        ("0592-5503309转分机８００１", "8001"),
    ] {
        assert_eq!(typed(text), Ok(("05925503309".to_owned(), Some(ext.to_owned()), None)), "{text}");
    }
}

#[test]
fn what_is_no_number_is_not_made_into_one() {
    use LinkFault::*;
    for (text, fault) in [
        ("", NoNumber),
        ("   ", NoNumber),
        ("+", NoNumber),
        ("***", NoNumber),
        ("Anna", NotANumber),
        ("FLOWERS", NotANumber),
        ("12 Main Street", NotANumber),
        ("room 12", NotANumber),
        ("1-800-FLOWERS-5X5", NotANumber),
        ("13800138000 王", NotANumber),
        ("+*73", NotANumber),
        ("138😀00138000", NotANumber),
        ("13800138000\n13900139000", SeveralNumbers),
        ("13800138000, 13900139000", SeveralNumbers),
        ("13800138000；13900139000", SeveralNumbers),
        ("13800138000、13900139000", SeveralNumbers),
        ("0592-5503309/5503310", SeveralNumbers),
        ("0592-5503309/10", SeveralNumbers),
        ("1234567890123456789012345", TooLong),
        ("tel:*73", FeatureCode),
        ("deskring:dial?number=*73", FeatureCode),
        ("sip:1001:secret@pbx.example", Password),
    ] {
        assert_eq!(typed(text), Err(fault), "{text}");
    }
}

#[test]
fn no_text_can_be_pushed_out_of_sight() {
    let spaced = format!("110{}5", " ".repeat(200));
    for (text, shown) in [
        (spaced.as_str(), "110 5"),
        ("+1 (212) 555-0100", "+1 212 555-0100"),
        ("(0592)5503309", "0592 5503309"),
        ("  --1--0--0-- ", "1-0-0"),
        ("1. /2 ./ 3", "1/2/3"),
    ] {
        assert_eq!(DialLink::typed(text).unwrap().shown(), shown);
    }
}

fn china() -> Plan {
    Plan::new("CN", "592", "9").unwrap()
}

fn dial(plan: &Plan, prefix: &str, text: &str) -> Dialed {
    let internal = ["1001", "6400", "101", "110", "9001"];
    let link = DialLink::typed(text).unwrap();
    Outgoing::new(prefix).unwrap().dial(&link, plan, |digits| internal.contains(&digits)).unwrap()
}

#[test]
fn a_number_becomes_what_the_pbx_is_told() {
    let china = china();
    let america = Plan::new("US", "212", "").unwrap();
    let germany = Plan::new("DE", "30", "0").unwrap();
    let nowhere = Plan::default();
    for (plan, prefix, text, shown, key) in [
        (&china, "00", "+86 138 0013 8000", "9 138 0013 8000", "+8613800138000"),
        (&china, "00", "913800138000", "9 138 0013 8000", "+8613800138000"),
        (&china, "00", "9,13800138000", "9 138 0013 8000", "+8613800138000"),
        (&china, "00", "5503309", "9 0592 550 3309", "+865925503309"),
        (&china, "00", "+1 (212) 555-0100 x12", "9 00 1 212 555 0100", "+12125550100"),
        (&china, "00", "95588", "9 95588", "95588"),
        (&china, "00", "1001", "1001", "1001"),
        (&china, "00", "1002", "9 1002", "1002"),
        (&china, "00", "+1001", "9 00 1001", "1001"),
        (&america, "011", "+44 20 7946 0018", "011 44 20 7946 0018", "+442079460018"),
        (&america, "+", "+44 20 7946 0018", "+44 20 7946 0018", "+442079460018"),
        (&america, "+", "+44 7700 900123", "+44 7700 900123", "447700900123"),
        (&america, "011", "1-800-FLOWERS", "800 356 9377", "+18003569377"),
        (&america, "011", "+1 416 555 0100", "1 416 555 0100", "+14165550100"),
        (&germany, "00", "+49 (0)30 901820", "0 030 901820", "+4930901820"),
        (&germany, "00", "+39 (0)6 69812345", "0 00 39 06 6981 2345", "+390669812345"),
        (&nowhere, "00", "+44 20 7946 0018", "00 44 20 7946 0018", "+442079460018"),
        (&nowhere, "00", "07700 900123", "07700 900123", "07700900123"),
    ] {
        let dialed = dial(plan, prefix, text);
        assert_eq!((dialed.shown(), dialed.key.as_str()), (shown, key), "{text}");
        assert_eq!(dialed.number(), shown.replace(' ', ""));
    }
}

#[test]
fn it_is_said_what_kind_of_number_it_is() {
    let china = china();
    for (text, kind, understood, abroad) in [
        ("1001", DialKind::Internal, true, false),
        ("*73", DialKind::Internal, true, false),
        ("13800138000", DialKind::Outside, true, false),
        ("+44 20 7946 0018", DialKind::Outside, true, true),
        ("0044 20 7946 0018", DialKind::Outside, true, true),
        ("95588", DialKind::Outside, false, false),
        // Nobody has these: the plan knows the country and not the number.
        ("+44 7700 900123", DialKind::Outside, false, true),
        ("+86 1", DialKind::Outside, false, false),
    ] {
        let dialed = dial(&china, "00", text);
        assert_eq!((dialed.kind, dialed.understood, dialed.abroad), (kind, understood, abroad), "{text}");
    }
    assert!(!dial(&Plan::default(), "00", "+44 7700 900123").abroad);
}

#[test]
fn calls_for_help_are_recognized_and_dialed_as_they_are_typed() {
    for (home, line, text) in [
        ("CN", "9", "110"),
        ("CN", "9", "9110"),
        ("CN", "9", "9,110"),
        ("CN", "9", "1-1-0"),
        ("CN", "", "119"),
        ("CN", "", "120"),
        ("CN", "", "122"),
        ("CN", "", "112"),
        ("DE", "0", "110"),
        ("DE", "0", "0110"),
        ("DE", "0", "0112"),
        ("GB", "9", "999"),
        ("GB", "9", "9999"),
        ("US", "9", "911"),
        ("US", "9", "9911"),
        ("CZ", "", "158"),
        ("FR", "", "15"),
        ("AU", "", "000"),
        ("", "", "999"),
        ("", "9", "9911"),
    ] {
        let dialed = dial(&Plan::new(home, "", line).unwrap(), "00", text);
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        assert_eq!((dialed.caution, dialed.number()), (Some(Caution::Emergency), digits), "{home} {text}");
    }
    // Not as they are typed, yet the network may hear them.
    for (home, line, text) in [
        ("CN", "9", "+110"),
        ("CN", "9", "+86 110"),
        ("CN", "9", "11055"),
        ("CN", "9", "9 110 55"),
        ("DE", "", "1105"),
    ] {
        let dialed = dial(&Plan::new(home, "", line).unwrap(), "00", text);
        assert_eq!(dialed.caution, Some(Caution::Emergency), "{home} {text}");
    }
    for (home, text) in [
        ("CN", "999"),
        ("CN", "1001"),
        ("US", "101"),
        ("", "101"),
        ("CN", "12025550100"),
        ("CN", "13800138000"),
        ("BR", "19012"),
    ] {
        assert_ne!(
            dial(&Plan::new(home, "", "").unwrap(), "00", text).caution,
            Some(Caution::Emergency),
            "{home} {text}"
        );
    }
}

#[test]
fn dear_numbers_are_recognized() {
    use Caution::*;
    for (home, text, caution) in [
        ("US", "1-900-234-5678", Some(Premium)),
        ("DE", "0900 1234567", Some(Premium)),
        ("GB", "0909 879 0000", Some(Premium)),
        ("GB", "070 1234 5678", Some(Premium)),
        ("CN", "+979 1234 56789", Some(Premium)),
        ("CN", "00979 123456789", Some(Premium)),
        ("CN", "+878 10 1234567890", Some(Premium)),
        ("CN", "+49 900 1234567", Some(Premium)),
        ("GB", "0843 123 4567", Some(Premium)),
        ("CN", "400-800-1234", Some(SharedCost)),
        ("DE", "0180 1234567", Some(SharedCost)),
        ("US", "+808 1234 5678", Some(SharedCost)),
        ("US", "+881 6 123 45678", Some(Satellite)),
        ("US", "011 870 773 111 632", Some(Satellite)),
        ("US", "+870 773 111 632", Some(Satellite)),
        ("US", "+882 16 21234567", Some(Satellite)),
        ("US", "+883 5100 1234", Some(Satellite)),
        ("", "+881 1", Some(Satellite)),
        ("US", "1-800-234-5678", None),
        ("GB", "0808 157 0123", None),
        ("CN", "800 810 1234", None),
        ("CN", "13800138000", None),
        ("", "881 6123 4567", None),
    ] {
        let dialed = dial(&Plan::new(home, "", "").unwrap(), "011", text);
        assert_eq!(dialed.caution, caution, "{home} {text}");
    }
    assert_eq!(dial(&china(), "00", "*73").caution, Some(FeatureCode));
}

#[test]
fn prefixes_are_digits_or_a_plus_and_no_number_outgrows_the_pbx() {
    for good in ["00", "011", "+", " 00 ", "0011", "00414"] {
        assert!(Outgoing::new(good).is_ok(), "{good}");
    }
    for bad in ["", "++", "+00", "*72", "0 0", "abc", "00,", "123456789", "００"] {
        assert_eq!(Outgoing::new(bad), Err(BadPrefix), "{bad}");
    }
    let link = DialLink::parse("tel:+999999999999999999999999").unwrap();
    let outgoing = Outgoing::new("00414").unwrap();
    let dialed = outgoing.dial(&link, &Plan::new("CN", "", "90").unwrap(), |_| false).unwrap();
    assert_eq!(dialed.number().len(), 31);
    assert_eq!(outgoing.dial(&link, &Plan::new("CN", "", "901").unwrap(), |_| false), Err(TooLong));
}

#[test]
fn the_setting_the_number_and_who_wants_it_decide_whether_somebody_is_asked() {
    use Caution::*;
    use Confirm::*;
    let page = Origin::Page { host: "desk.example.com".to_owned() };
    let origins = [&Origin::Person, &page, &Origin::Link, &Origin::Clipboard];
    let given = Consent::Given;
    let ask = Consent::Ask;
    for (confirm, known, expected) in [
        (Always, Known::Yes, [ask(Doubt::EveryCall); 4]),
        (Always, Known::No, [ask(Doubt::EveryCall); 4]),
        (NewNumbers, Known::Yes, [given, given, given, ask(Doubt::Unseen)]),
        (NewNumbers, Known::No, [given, ask(Doubt::NewNumber), ask(Doubt::NewNumber), ask(Doubt::Unseen)]),
        (Never, Known::Yes, [given; 4]),
        (Never, Known::No, [given, given, ask(Doubt::Unseen), ask(Doubt::Unseen)]),
    ] {
        for (origin, expected) in origins.into_iter().zip(expected) {
            assert_eq!(confirm.consent(known, None, origin), expected, "{confirm:?} {known:?} {origin:?}");
            for caution in [Emergency, FeatureCode, Premium, Satellite] {
                assert_eq!(
                    confirm.consent(known, Some(caution), origin),
                    ask(Doubt::Number(caution)),
                    "{confirm:?} {known:?} {origin:?}"
                );
            }
            let shared = match known {
                Known::Yes => expected,
                Known::No => ask(Doubt::Number(SharedCost)),
            };
            assert_eq!(confirm.consent(known, Some(SharedCost), origin), shared);
        }
    }
}

fn at(ms: u64) -> Now {
    Now { mono: Duration::from_millis(ms), wall_ms: 0 }
}

#[test]
fn a_double_click_is_one_wish() {
    let mut throttle = Throttle::default();
    let (one, other) = ("+8613800138000", "+8613900139000");
    for (ms, key, pass) in [
        (0, one, Pass::Go),
        (200, one, Pass::Same),
        (1_000, other, Pass::Go),
        (1_999, one, Pass::Same),
        (2_000, one, Pass::Go),
        (3_999, one, Pass::Same),
        (4_000, other, Pass::Go),
    ] {
        assert_eq!(throttle.pass(at(ms), &Origin::Person, key), pass, "{ms}");
    }
    // One that was given up is wished for anew, and no other.
    assert_eq!(throttle.pass(at(4_100), &Origin::Person, one), Pass::Go);
    throttle.forget(other);
    assert_eq!(throttle.pass(at(4_200), &Origin::Person, other), Pass::Go);
    assert_eq!(throttle.pass(at(4_200), &Origin::Person, one), Pass::Same);
}

#[test]
fn pages_and_links_may_wish_five_times_a_minute_and_people_as_they_like() {
    let mut throttle = Throttle::default();
    let page = Origin::Page { host: "desk.example.com".to_owned() };
    for n in 0..5_u64 {
        let origin = if n % 2 == 0 { &Origin::Link } else { &page };
        assert_eq!(throttle.pass(at(n * 1_000), origin, &n.to_string()), Pass::Go);
    }
    let wait = |ms| Pass::TooMany { wait: Duration::from_millis(ms) };
    assert_eq!(throttle.pass(at(5_000), &Origin::Link, "5"), wait(55_000));
    // A refused wish is no wish: it is refused again, and not taken for the same.
    assert_eq!(throttle.pass(at(5_500), &page, "5"), wait(54_500));
    for n in 10..100 {
        assert_eq!(throttle.pass(at(6_000), &Origin::Person, &n.to_string()), Pass::Go);
    }
    assert_eq!(throttle.pass(at(6_000), &Origin::Clipboard, "5"), Pass::Go);
    assert_eq!(throttle.pass(at(59_999), &Origin::Link, "6"), wait(1));
    assert_eq!(throttle.pass(at(60_000), &Origin::Link, "6"), Pass::Go);
    assert_eq!(throttle.pass(at(60_000), &Origin::Link, "7"), wait(1_000));
    // A clock that goes back refuses nothing for ever and lets nothing through.
    assert_eq!(throttle.pass(at(0), &Origin::Link, "8"), wait(60_000));
}
