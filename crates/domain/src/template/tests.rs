//! Templates as people write them, and as nobody should.

use proptest::prelude::*;

use super::*;

fn values() -> Values {
    let named = |name: &str, number: &str| Named { name: Some(name.into()), number: Some(number.into()) };
    Values {
        started_s: Some(1_672_531_199),
        utc_offset_s: 8 * 3600,
        communication_type: Some("Inbound".into()),
        call_status: Some("Answered".into()),
        call_log_status: Some("ANSWERED".into()),
        from: named("Max Muster", "+498912345678"),
        to: Named { name: None, number: Some("1001".into()) },
        talk_s: Some(65),
        ring_s: Some(4),
        duration_s: Some(3_669),
        did: named("Sales", "5503301"),
        trunk: Some("SIP-1".into()),
        queue: Named { name: None, number: Some("6400".into()) },
        agent: named("Ana Agent", "1001"),
        recording: Some("20230101-1001 in.wav".into()),
        note: Some("first\r\nsecond".into()),
        disposition: Some("billing".into()),
        call_id: Some("1672531199.12".into()),
        ..Values::default()
    }
}

fn plain(text: &str) -> String {
    Template::parse(text).unwrap().render(&values(), Escape::None)
}

fn html(text: &str, values: &Values) -> String {
    Template::parse(text).unwrap().render(values, Escape::Html)
}

#[test]
fn the_templates_of_the_manual_say_what_they_said_there() {
    for (template, expected) in [
        (
            "Call: {{Time}} {{Call_Log_Status}} from {{Call_From}} to {{Call_To}} {{Talk_Duration}}",
            "Call: 2023-01-01 07:59:59 ANSWERED from Max Muster<+498912345678> to 1001 00:01:05",
        ),
        (
            "{{Communication_Type}} {{Call_Status}} - from {{Call_From}} to {{Call_To}}",
            "Inbound Answered - from Max Muster<+498912345678> to 1001",
        ),
        ("Extension Call", "Extension Call"),
        (
            "客户 {{Call_From_Name}}（{{Call_From_Number}}）来电，通话 {{Talk_Duration}}。",
            "客户 Max Muster（+498912345678）来电，通话 00:01:05。",
        ),
    ] {
        assert_eq!(plain(template), expected);
    }
}

#[test]
fn every_variable_has_its_value_under_each_of_its_names() {
    for (names, expected) in [
        ("Time|Start_Time", "2023-01-01 07:59:59"),
        ("Ring_Duration", "00:00:04"),
        ("Call_Duration|Duration", "01:01:09"),
        ("Call_To_Number", "1001"),
        ("Call_To_Name", ""),
        ("DID|DID_Name", "Sales"),
        ("DID_Number", "5503301"),
        ("Trunk", "SIP-1"),
        ("Queue", "6400"),
        ("Extension", "1001"),
        ("Agent", "Ana Agent"),
        ("Recording|Record_File", "20230101-1001 in.wav"),
        ("Note|Call_Note", "first\nsecond"),
        ("Disposition", "billing"),
        ("Call_Id|CallID|.CallId", "1672531199.12"),
        ("StartTimeUnix|.StartTimeUnix|Timestamp|start_time_unix", "1672531199"),
        ("Communication_Type|Call_Type", "Inbound"),
    ] {
        for name in names.split('|') {
            assert_eq!(plain(&format!("[{{{{{name}}}}}]")), format!("[{expected}]"), "{name}");
        }
    }
    for variable in Variable::ALL {
        assert_eq!(Variable::named(variable.name()), Some(variable));
        assert!(plain(&format!("{{{{{}}}}}", variable.name())).len() > 1 || variable == Variable::CallToName);
    }
}

#[test]
fn a_name_may_be_written_in_many_ways() {
    for way in [
        "{{Call_From_Name}}",
        "{{ .Call_From_Name }}",
        "{{.call_from_name}}",
        "{{ . Call_From_Name }}",
        "{{$.CALL_FROM_NAME}}",
        "{{CallFromName}}",
        "{{ Call From Name }}",
        "{{ \u{a0}Call-From-Name\u{3000}}}",
        "{{\n.Call_From_Name\n}}",
        "{{(Call_From_Name)}}",
        "{{-Call_From_Name-}}",
    ] {
        assert_eq!(plain(way), "Max Muster", "{way:?}");
    }
}

#[test]
fn what_is_not_known_leaves_nothing() {
    let nothing = Values::default();
    for variable in Variable::ALL {
        let template = Template::parse(&format!("<{{{{{}}}}}>", variable.name())).unwrap();
        assert_eq!(template.render(&nothing, Escape::None), "<>", "{variable:?}");
    }
    let blank = Values { note: Some("  \u{202e} ".into()), call_status: Some(" ".into()), ..nothing };
    let template = Template::parse("{{if .Note}}noted{{else}}-{{end}}{{Call_Status}}").unwrap();
    assert_eq!(template.render(&blank, Escape::None), "-");
}

#[test]
fn one_of_two_statuses_serves_as_the_other() {
    let values = Values { call_status: Some("Ringing".into()), ..Values::default() };
    assert_eq!(html("{{Call_Log_Status}}/{{Call_Status}}", &values), "Ringing/Ringing");
}

#[test]
fn conditions_choose_and_nest() {
    for (template, expected) in [
        ("{{if .Note}}yes{{else}}no{{end}}", "yes"),
        ("{{if .Call_To_Name}}yes{{else}}no{{end}}", "no"),
        ("{{if .Call_To_Name}}yes{{end}}", ""),
        ("{{ If not .Call_To_Name }}nameless{{ END }}", "nameless"),
        ("{{if eq .Call_Log_Status \"answered\"}}spoke{{end}}", "spoke"),
        ("{{if eq .Communication_Type `Outbound` `Inbound`}}outside{{end}}", "outside"),
        ("{{if ne .Communication_Type \"Inbound\"}}a{{else if eq Talk_Duration 65}}b{{else}}c{{end}}", "b"),
        ("{{if eq .Extension 1001}}mine{{end}}", "mine"),
        ("{{if and .Note (or .Call_To_Name .Agent)}}both{{end}}", "both"),
        ("{{if and .Note .Call_To_Name}}both{{else}}{{if .Queue}}queue{{else}}none{{end}}{{end}}!", "queue!"),
    ] {
        assert_eq!(plain(template), expected, "{template}");
    }
    let silent = Values { talk_s: Some(0), ..values() };
    assert_eq!(html("{{if .Talk_Duration}}spoke{{else}}silence{{end}}", &silent), "silence");
}

#[test]
fn blanks_go_where_the_author_says_so() {
    assert_eq!(plain("a \n {{- .Extension -}} \n b"), "a1001b");
    assert_eq!(plain("a {{- /* nothing */ -}} b"), "ab");
    assert_eq!(plain("a {{/* a note */}} b"), "a  b");
    assert_eq!(plain("{{if .Note -}}\n  noted\n{{- end}}"), "noted");
}

#[test]
fn the_functions_are_those_of_the_phone_system() {
    for (template, expected) in [
        (r#"{{ TimeFormat .StartTimeUnix "yyyy-MM-ddTHH:mm:ss.000Zz" "1" }}"#, "2022-12-31T23:59:59.000Z"),
        (r#"{{ TimeFormat .StartTimeUnix "yyyy-MM-ddTHH:mm:ss.SSSZ" }}"#, "2023-01-01T07:59:59.000+08:00"),
        (r#"{{ TimeFormat .Time "d.M.yy h:m:s a" }}"#, "1.1.23 7:59:59 AM"),
        (r#"{{ .StartTimeUnix | TimeFormat "dd/MM/yyyy" "1" }}"#, "31/12/2022"),
        (r#"{{ TimeFormat 0 "HH 'o''clock' ''" 1 }}"#, "00 oclock '"),
        (r#"{{ timeformat 951782400 "yyyy年MM月dd日" 1 }}"#, "2000年02月29日"),
        (r#"{{ TimeFormat -1 "yyyy-MM-dd hh a" "1" }}"#, "1969-12-31 11 PM"),
        (r#"{{ TimeFormat 9223372036854775807 "yyyy" "1" }}{{ TimeFormat "soon" "yyyy" }}"#, ""),
        ("{{ ToMillis .StartTimeUnix }}", "1672531199000"),
        ("{{ ToMillis .Talk_Duration }}", "65000"),
        ("{{ ToMillis .Note }}", ""),
        ("{{ Capitalize .Disposition }}", "Billing"),
        ("{{ .Disposition | Capitalize | UrlEncode }}", "Billing"),
        (r#"{{ Capitalize "straße" }}{{ Capitalize "ßa" }}"#, "StraßeSSa"),
        (r#"{{ UrlEncode "hello world!" }}"#, "hello%20world%21"),
        ("{{ UrlEncode .Call_From }}", "Max%20Muster%3C%2B498912345678%3E"),
        (r#"{{"{{"}} {{'}'}} {{“quoted”}} {{"a\"b"}}"#, r#"{{ } quoted a"b"#),
        ("{{not .Note}} {{eq 1 2}}", "false false"),
    ] {
        assert_eq!(plain(template), expected, "{template}");
    }
}

#[test]
fn the_phone_system_s_way_of_writing_times_is_kept() {
    let values = Values { time_pattern: Some("MM/dd/yyyy hh:mm:ss a".into()), ..values() };
    assert_eq!(html("{{Time}}", &values), "01/01/2023 07:59:59 AM");
    let west = Values { utc_offset_s: -(3 * 3600 + 1800), ..values };
    assert_eq!(html(r#"{{TimeFormat .Time "HH:mm z"}}"#, &west), "20:29 -03:30");
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_what_was_meant() {
    use TemplateErrorKind::*;
    for (template, expected) in [
        ("{{Call_Form}}", &[(UnknownVariable, "Call_Form", Some("Call_From"))][..]),
        ("{{ .Talk_Duraton }}", &[(UnknownVariable, ".Talk_Duraton", Some("Talk_Duration"))]),
        ("{{From}}", &[(UnknownVariable, "From", Some("Call_From"))]),
        ("{{Wetter}}", &[(UnknownVariable, "Wetter", None)]),
        ("来电 {{来电号码}}", &[(UnknownVariable, "来电号码", None)]),
        ("{{Captialize .Note}}", &[(UnknownFunction, "Captialize", Some("Capitalize"))]),
        ("{{.Note | Uppercase}}", &[(UnknownFunction, "Uppercase", None)]),
        ("{{fi .Note}}x{{end}}", &[(UnknownFunction, "fi", Some("if")), (StrayEnd, "{{end}}", None)]),
        ("{{Call_From", &[(Unclosed, "{{", None)]),
        ("{{Call_From {{Call_To}}", &[(Unclosed, "{{", None)]),
        ("{{}} {{-}}", &[(Empty, "{{}}", None), (Empty, "{{-}}", None)]),
        ("{{Capitalize \"open}}", &[(OpenQuote, "\"open", None)]),
        ("{{Note!}} {{a := 1}}", &[(Unexpected, "!", None), (Unexpected, ":", None)]),
        ("{{range .Note}}", &[(Unsupported, "range", None)]),
        ("{{Capitalize}}", &[(Arguments, "Capitalize", None)]),
        ("{{TimeFormat .Time}}", &[(Arguments, "TimeFormat", None)]),
        ("{{eq Capitalize .Note}}", &[(Arguments, "Capitalize", None)]),
        ("{{Note Agent}}", &[(Arguments, "Note", None)]),
        ("{{.Note | }}", &[(Unexpected, "|", None)]),
        ("{{(.Note}}", &[(Unexpected, "(", None)]),
        ("{{.Note)}}", &[(Unexpected, ")", None)]),
        ("{{if}}a{{end}}", &[(NoCondition, "if", None), (StrayEnd, "{{end}}", None)]),
        ("{{if .Note}}a", &[(NoEnd, "{{if .Note}}", None)]),
        ("{{else}}", &[(StrayElse, "{{else}}", None)]),
        ("{{if .Note}}{{else}}{{else}}{{end}}", &[(StrayElse, "{{else}}", None)]),
        ("{{end}}", &[(StrayEnd, "{{end}}", None)]),
        ("{{if .Note}}{{end if}}", &[(Unexpected, "if", None)]),
        ("{{esle}}", &[(UnknownVariable, "esle", Some("else"))]),
        ("{{99999999999999999999}}", &[(Unexpected, "99999999999999999999", None)]),
    ] {
        let errors = Template::parse(template).unwrap_err();
        let found: Vec<_> = errors
            .iter()
            .map(|error| (error.kind, &template[error.place.span.clone()], error.suggestion))
            .collect();
        assert_eq!(found, expected, "{template}");
    }
    let errors = Template::parse("第一行\n客户：{{Caller}} {{Cal_To}}").unwrap_err();
    let places: Vec<_> = errors.iter().map(|error| (error.place.line, error.place.column)).collect();
    assert_eq!(places, [(2, 6), (2, 17)]);
}

#[test]
fn too_many_conditions_inside_each_other_are_refused_and_survived() {
    let deep = format!("{}x{}", "{{if .Note}}".repeat(5_000), "{{end}}".repeat(5_000));
    let errors = Template::parse(&deep).unwrap_err();
    assert_eq!(errors[0].kind, TemplateErrorKind::TooDeep);
    assert!(Template::lenient(&deep).render(&values(), Escape::Html).contains('x'));
    let brackets = format!("{{{{{}.Note{}}}}}", "(".repeat(5_000), ")".repeat(5_000));
    assert_eq!(Template::parse(&brackets).unwrap_err()[0].kind, TemplateErrorKind::TooDeep);
    let many = "{{if .Queue}}a{{else}}b{{end}}".repeat(2_000);
    assert_eq!(plain(&many).len(), 2_000);
}

#[test]
fn at_run_time_mistakes_are_nothing_or_stay_as_they_were_written() {
    for (template, expected) in [
        ("a {{Nobody}} b", "a  b"),
        ("{{if .Nobody}}a{{else}}b{{end}}", "b"),
        ("{{if eq .Nobody \"x\"}}a{{else}}b{{end}}", "b"),
        ("a {{Uppercase .Note}} {{Extension}}", "a {{Uppercase .Note}} 1001"),
        ("{{Extension}} {{Extension", "1001 {{Extension"),
        ("{{Extension {{Agent}}", "{{Extension Ana Agent"),
        ("{{if .Note}}open", "open"),
        ("a {{end}} {{else}} {{}}", "a {{end}} {{else}} {{}}"),
        ("}} { {{ } }}", "}} { {{ } }}"),
    ] {
        assert_eq!(Template::lenient(template).render(&values(), Escape::None), expected, "{template}");
    }
}

#[test]
fn a_value_is_never_markup_nor_a_template() {
    let hostile = Values {
        from: Named {
            name: Some("<script>alert('x')</script> & \"{{Note}}\"".into()),
            number: Some("1\u{202e}2\u{0}3\u{1b}[31m\u{200b}".into()),
        },
        note: Some("a\r\nb\u{2028}c\td".into()),
        ..values()
    };
    assert_eq!(
        html("<b>{{Call_From_Name}}</b>\n{{Note}}", &hostile),
        "<b>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;{{Note}}&quot;</b><br>a<br>b<br>c d"
    );
    assert_eq!(html("{{Call_From_Number}}", &hostile), "123[31m");
    assert_eq!(html("{{Capitalize \"<i>\"}}{{\"&\"}}", &hostile), "&lt;i&gt;&amp;");
    let template = Template::parse("{{Call_From_Number}}/{{Note}}").unwrap();
    assert_eq!(template.render(&hostile, Escape::None), "123[31m/a\nb\nc d");
    let emoji = Values { note: Some("👩\u{200d}🔧 می\u{200c}خواهم".into()), ..values() };
    assert_eq!(html("{{Note}}", &emoji), "👩\u{200d}🔧 می\u{200c}خواهم", "joiners are letters");
}

#[test]
fn a_template_tells_its_variables() {
    let template = Template::parse(
        "{{if .Queue}}{{Call_From}}{{else if eq .DID 1}}x{{else}}{{Capitalize .Note}}{{end}}",
    );
    let names: Vec<_> = template.unwrap().variables().into_iter().map(Variable::name).collect();
    assert_eq!(names, ["Call_From", "DID", "Queue", "Note"]);
}

#[test]
fn values_name_nobody_in_a_log() {
    let shown = format!("{:?} {:?}", values(), values().from);
    assert!(!shown.contains("Muster") && !shown.contains("4989"), "{shown}");
}

/// Anything, but more often what templates are made of.
fn scraps() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "{{",
        "}}",
        "{{-",
        "-}}",
        "if ",
        "else",
        "end",
        " ",
        ".",
        "|",
        "(",
        ")",
        "\"",
        "'",
        "`",
        "“",
        "”",
        "\\",
        "\n",
        "\r",
        "<b>",
        "Call_From",
        "Note",
        "TimeFormat",
        "Capitalize",
        "eq",
        "not",
        "-",
        "1",
        "yyyy",
        "客户",
        "/*",
        "*/",
        "{{if .Note}}",
        "{{else}}",
        "{{end}}",
        "{{Call_From_Name}}",
        "$",
    ]);
    let scrap = prop_oneof![4 => known.prop_map(str::to_owned), 1 => ".{0,3}"];
    prop::collection::vec(scrap, 0..40).prop_map(|scraps| scraps.concat())
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_text_can_be_read_and_every_mistake_has_a_place_in_it(text in scraps()) {
        let lenient = Template::lenient(&text);
        lenient.render(&values(), Escape::Html);
        match Template::parse(&text) {
            Ok(template) => prop_assert_eq!(template, lenient),
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                for error in errors {
                    prop_assert!(!text[error.place.span].is_empty());
                    prop_assert!(error.place.line >= 1 && error.place.column >= 1);
                }
            }
        }
    }

    #[test]
    fn a_text_without_braces_stays_as_it_is(text in "[^{}]{0,60}") {
        prop_assert_eq!(Template::parse(&text).unwrap().render(&values(), Escape::None), text);
    }

    #[test]
    fn no_value_brings_markup_or_invisible_marks_whatever_the_template(text in scraps(), value in ".{0,30}") {
        let text = text.replace(['<', '>', '&', '\u{202e}', '\u{7}'], "");
        let named = Named { name: Some(format!("<{value}>")), number: Some(value.clone()) };
        let values = Values {
            from: named.clone(),
            to: named.clone(),
            note: Some(format!("{value}<img src=x>\u{202e}\u{7}")),
            time_pattern: Some(value),
            ..values()
        };
        let out = Template::lenient(&format!("{text}\n{{{{Note}}}}{{{{Call_From}}}}")).render(&values, Escape::Html);
        let rest = out.replace("<br>", "");
        prop_assert!(!rest.contains(['<', '>', '\u{202e}', '\u{7}']), "{}", out);
        let entities = ["amp;", "lt;", "gt;", "quot;", "#39;"];
        prop_assert!(rest.split('&').skip(1).all(|after| entities.iter().any(|e| after.starts_with(e))), "{}", out);
    }

    #[test]
    fn any_time_and_pattern_is_survived(seconds in any::<i64>(), offset in any::<i32>(), pattern in ".{0,20}") {
        time::format(seconds, offset, &pattern);
    }

    #[test]
    fn the_calendar_runs_on_day_by_day(day in -200_000_i64..2_000_000) {
        let date = |day: i64| time::format(day * 86_400, 0, "yyyy-MM-dd");
        let (today, tomorrow) = (date(day), date(day + 1));
        prop_assert!(today < tomorrow, "{} {}", today, tomorrow);
        let same_month = today[..7] == tomorrow[..7];
        let number = |date: &str| date[8..].parse::<u32>().unwrap();
        let follows = if same_month {
            number(&tomorrow) == number(&today) + 1
        } else {
            number(&tomorrow) == 1 && number(&today) >= 28
        };
        prop_assert!(follows, "{} {}", today, tomorrow);
    }
}
