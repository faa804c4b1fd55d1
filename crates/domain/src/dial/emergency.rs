//! Which short numbers call the police, the fire brigade or an ambulance.
//!
//! From libphonenumber's `ShortNumberMetadata.xml` (version 9.0, the emergency numbers of each region), which the port
//! we use does not contain; China's 122 (traffic accidents) by its Ministry of Public Security. More than the true
//! ones does little harm: somebody is asked once too often.

/// Mobile networks take these for an emergency everywhere (3GPP TS 22.101, 10.1), and so do the networks of many
/// countries that have others.
const EVERYWHERE: [&str; 2] = ["112", "911"];

/// Here a number that goes on after an emergency number is another number; elsewhere the network may connect as soon as
/// it has heard enough digits. As libphonenumber's `ShortNumberInfo` has it.
const EXACT_ONLY: [&str; 3] = ["BR", "CL", "NI"];

/// Numbers, with `?` for any digit, and the regions they are of.
const NUMBERS: &[(&str, &str)] = &[
    ("000 106 112", "AU"),
    ("000 110 111", "PG"),
    ("000 112", "CC CX"),
    ("001 002 003 01 02 03 050", "UZ"),
    ("01 011 02 022 03 033 101 102 103 112", "LT"),
    ("01 02 03", "TM"),
    ("01 02 03 101 102 103 112", "RU"),
    ("01 02 03 110 112 113", "LV"),
    ("011 022 033 111 112 113 122", "GE"),
    ("019 999", "SL"),
    ("060 065 066 068 080 911", "MX"),
    ("085 088 112", "ES"),
    ("100 101 102", "PS"),
    ("100 101 102 103 105", "MN"),
    ("100 101 102 103 112", "NP"),
    ("100 101 102 108 112 1298 2611", "IN"),
    ("100 101 102 112", "IL"),
    ("100 101 102 199 999", "BD"),
    ("100 101 107 911", "AR"),
    ("100 101 112", "BE"),
    ("100 102 119", "AF"),
    ("100 104 115 122", "IQ"),
    ("100 112 166 199", "GR"),
    ("100 911", "AW"),
    ("101 102 103", "AM KG"),
    ("101 102 103 112", "AZ BY KZ TJ UA"),
    ("101 102 112 911", "EC"),
    ("10111", "NA"),
    ("10111 10177 112", "ZA"),
    ("102 118 119", "MV"),
    ("104 105 106", "CU"),
    ("104 105 107 112", "HU"),
    ("105 116 117", "PE"),
    ("110 111 112", "NR"),
    ("110 111 112 114 115 999", "TZ"),
    ("110 111 170 180", "CI"),
    ("110 112", "DE EE"),
    ("110 112 113", "BT NO SJ SY"),
    ("110 112 113 118 119", "ID"),
    ("110 112 115 125 911", "IR"),
    ("110 112 116 118", "AD"),
    ("110 112 116 118 119", "LK"),
    ("110 112 119", "TW"),
    ("110 112 119 911", "JM"),
    ("110 112 155", "TR"),
    ("110 118 119", "BO"),
    ("110 119", "JP"),
    ("110 119 120 122", "CN"),
    ("110 120 123", "GT"),
    ("111", "NZ"),
    ("111 112", "RW"),
    ("111 112 911 997 998 999", "BW"),
    ("112", "AX FI GL IS KW MT RO ST VU"),
    ("112 1122 115 15 16", "PK"),
    ("112 113", "LU SI"),
    ("112 113 114 116 124422 127799 201606 201917 202099 202914", "ER"),
    ("112 113 115", "AO"),
    ("112 113 115 118", "IT VA"),
    ("112 113 117", "BI"),
    ("112 114", "DK FO"),
    ("112 114 116 117 118", "BJ"),
    ("112 114 999", "KE"),
    ("112 115", "PT TL"),
    ("112 115 117", "LS"),
    ("112 117 118 144", "CH LI"),
    ("112 117 911", "PH"),
    ("112 119", "KR"),
    ("112 119 123 132 156", "CO"),
    ("112 119 819", "KP"),
    ("112 122 123 124", "ME"),
    ("112 122 133 144", "AT"),
    ("112 127 128 129", "AL"),
    ("112 128 190 192 193 911", "BR"),
    ("112 14 17", "DZ"),
    ("112 140 175 999", "LB"),
    ("112 15", "YT"),
    ("112 15 17 18", "FR MC MQ RE"),
    ("112 150 155 158", "SK"),
    ("112 150 160 166", "BG"),
    ("112 15?", "CZ"),
    ("112 171 911", "VE"),
    ("112 190 199", "GI"),
    ("112 191 192 197 911", "JO"),
    ("112 192 193 194", "MK XK"),
    ("112 192 193 194 93 94", "HR"),
    ("112 199", "CY"),
    ("112 90000", "SE"),
    ("112 901 902 903", "MD"),
    ("112 911", "BQ CA CR CW DO NL US"),
    ("112 911 997 999", "SA"),
    ("112 92 93 94", "RS"),
    ("112 991 993 999", "ZM"),
    ("112 992 999", "HK"),
    ("112 993 994 995 999", "ZW"),
    ("112 997 998 999", "AE PL"),
    ("112 999", "GB GG IE JE MY"),
    ("113 114 115", "VN"),
    ("113 114 118 177 188", "CD"),
    ("113 115 118", "SM"),
    ("113 117 118", "GW"),
    ("113 117 13 17", "CM"),
    ("114 115 995 999", "MU"),
    ("114 118", "HT"),
    ("115", "SR"),
    ("115 118 120 128", "NI"),
    ("116 117 118 16 17 18", "GM"),
    ("117 118", "CG"),
    ("117 118 119 666", "KH"),
    ("117 118 1220", "CF"),
    ("117 118 17 18", "MG"),
    ("117 118 171 172 177", "TG"),
    ("117 119 197 198", "MZ"),
    ("118 15 17 18 723141", "NE"),
    ("122 123 124", "BA"),
    ("122 123 180", "EG"),
    ("128 911", "PY UY"),
    ("130 131 132", "CV"),
    ("131 132 133 911", "CL"),
    ("13?? 1730 18", "GA"),
    ("1444 9999", "OM"),
    ("15 16 17 18", "NC"),
    ("15 17 18", "GF GP MF ML PF PM WF"),
    ("15 177 19", "EH MA"),
    ("1669 191 199", "TH"),
    ("17 18", "BF DJ KM MR SN TD"),
    ("18", "BL"),
    ("190 191 193", "LY"),
    ("190 191 195", "LA"),
    ("190 197 198", "TN"),
    ("191 192 193 999", "GH"),
    ("191 194 195 199", "YE"),
    ("192 193 194 195 992 993 994", "KI"),
    ("199", "HN MM NG"),
    ("199 997 998 999", "MW"),
    ("199 999", "BH"),
    ("211 311 511 911", "BB"),
    ("320221 911", "FM"),
    ("333 911 999", "DM KN"),
    ("355 911", "LR"),
    ("555 888 999", "SO"),
    ("90 911 990", "BZ"),
    ("91 911 92 93 939 991 997", "ET"),
    ("911", "AI AS BM GD GU KY MH MP PA PR PW TV VI"),
    ("911 912 913", "GY"),
    ("911 913", "SV"),
    ("911 917", "FJ"),
    ("911 919", "BS"),
    ("911 922 933 999", "TO"),
    ("911 955 977", "NF"),
    ("911 994 995 996 999", "WS"),
    ("911 999", "AC AG LC MS SH TC VC VG"),
    ("919", "SX"),
    ("990 999", "TT"),
    ("991 993 995", "BN"),
    ("993 995 999", "SG"),
    ("996 998 999", "CK"),
    ("999", "FK IM MO NU QA SB SC SD SS SZ UG"),
];

/// Whether these digits call for help when dialed in a country (ISO 3166, upper case). Without a country those of all
/// count.
pub(super) fn is_emergency(country: Option<&str>, digits: &str) -> bool {
    is_everywhere(digits) || numbers_of(country).any(|number| matches(number, digits, digits.len()))
}

/// Whether these digits call for help wherever they are dialed.
pub(super) fn is_everywhere(digits: &str) -> bool {
    EVERYWHERE.contains(&digits)
}

/// Whether a network that connects as soon as it can may take these digits for an emergency.
pub(super) fn begins_like_one(country: Option<&str>, digits: &str) -> bool {
    let Some(home) = country else { return EVERYWHERE.iter().any(|number| digits.starts_with(number)) };
    !EXACT_ONLY.contains(&home)
        && numbers_of(country)
            .chain(EVERYWHERE)
            .any(|number| digits.len() > number.len() && matches(number, digits, number.len()))
}

fn numbers_of(country: Option<&str>) -> impl Iterator<Item = &'static str> {
    let of_country =
        move |regions: &str| country.is_none_or(|country| regions.split(' ').any(|region| region == country));
    NUMBERS.iter().filter(move |(_, regions)| of_country(regions)).flat_map(|(numbers, _)| numbers.split(' '))
}

/// Whether the first digits, so many, are the number.
fn matches(number: &str, digits: &str, many: usize) -> bool {
    number.len() == many && number.bytes().zip(digits.bytes()).all(|(one, other)| one == b'?' || one == other)
}
