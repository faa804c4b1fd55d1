//! Owns what can be asked of the calls: searching, counting, what was missed, and what the agent noted afterwards.
//! Must not know: what the codes in a row mean, or how numbers are normalized (the key is the writer's).

use std::fmt;

use deskring_redact::Pii;
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, named_params};

use crate::db::StoreError;
use crate::journal::{CallRow, Journal, KEPT_CALLS, call_row};

/// Fewer digits than this are not looked for without their leading zeros: nearly every number has them.
const TELLING: usize = 3;

/// Which calls. Conditions add up; the default is the newest 500 of all. `Debug` masks the text.
#[derive(Clone, Eq, PartialEq)]
pub struct HistoryQuery {
    /// At most so many.
    pub limit: usize,
    /// After skipping so many of the newest.
    pub offset: usize,
    /// With one of these outcome codes; none given = any or no outcome.
    pub outcomes: Vec<String>,
    /// Only those the writer counted as missed, seen or not.
    pub missed_only: bool,
    /// Only those with this [`CallRow::who`].
    pub who: Option<String>,
    /// A part of name, company or number; empty = any. Case does not matter. A text without letters is also looked
    /// for in the digits of the number, however they are grouped, and with or without leading zeros.
    pub text: String,
    /// Begun at this time or later.
    pub since_ms: Option<i64>,
}

impl Default for HistoryQuery {
    fn default() -> HistoryQuery {
        HistoryQuery {
            limit: KEPT_CALLS,
            offset: 0,
            outcomes: Vec::new(),
            missed_only: false,
            who: None,
            text: String::new(),
            since_ms: None,
        }
    }
}

impl fmt::Debug for HistoryQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HistoryQuery")
            .field("limit", &self.limit)
            .field("offset", &self.offset)
            .field("outcomes", &self.outcomes)
            .field("missed_only", &self.missed_only)
            .field("who", &self.who)
            .field("text", &Pii::new(&self.text))
            .field("since_ms", &self.since_ms)
            .finish()
    }
}

impl Journal {
    /// The calls that fit, the youngest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn history(&self, query: &HistoryQuery) -> Result<Vec<CallRow>, StoreError> {
        let outcomes = (!query.outcomes.is_empty()).then(|| serde_json::json!(query.outcomes).to_string());
        let text = Some(query.text.trim()).filter(|text| !text.is_empty());
        let digits = text
            .filter(|text| !text.chars().any(char::is_alphabetic))
            .map(digits)
            .filter(|digits| !digits.is_empty());
        // 0049 89 … and 089 … mean +49 89 …, which has none of these zeros.
        let bare = digits
            .as_deref()
            .map(|digits| digits.trim_start_matches('0'))
            .filter(|bare| bare.len() >= TELLING);
        self.db.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT * FROM calls
                 WHERE started_ms >= :since
                    AND (NOT :missed OR missed = 1)
                    AND (:who IS NULL OR who = :who)
                    AND (:outcomes IS NULL OR outcome IN (SELECT value FROM json_each(:outcomes)))
                    AND (:text IS NULL
                        OR instr(folded(concat_ws(char(10), name, company, number)), :text)
                        OR instr(digits(number), :digits) OR instr(digits(number_key), :digits)
                        OR instr(digits(number), :bare) OR instr(digits(number_key), :bare))
                 ORDER BY started_ms DESC, call_id DESC, extension LIMIT :limit OFFSET :offset",
            )?;
            let found = statement.query_map(
                named_params! {
                    ":since": query.since_ms.unwrap_or(i64::MIN),
                    ":missed": query.missed_only,
                    ":who": query.who,
                    ":outcomes": outcomes,
                    ":text": text.map(folded),
                    ":digits": digits,
                    ":bare": bare,
                    ":limit": rows(query.limit),
                    ":offset": rows(query.offset),
                },
                call_row,
            )?;
            found.collect()
        })
    }

    /// The calls with a number, the youngest first. Calls of before numbers had keys are not among them.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn calls_with(&self, number_key: &str, limit: usize) -> Result<Vec<CallRow>, StoreError> {
        self.db.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT * FROM calls WHERE number_key = ?1
                 ORDER BY started_ms DESC, call_id DESC, extension LIMIT ?2",
            )?;
            statement.query_map((number_key, rows(limit)), call_row)?.collect()
        })
    }

    /// How many calls there were with a number since then, one that is going on included. A call that rang several
    /// extensions is one call.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn count_since(&self, number_key: &str, since_ms: i64) -> Result<u64, StoreError> {
        self.db.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT count(DISTINCT call_id) FROM calls WHERE number_key = ?1 AND started_ms >= ?2",
                )?
                .query_row((number_key, since_ms), |row| row.get(0).map(i64::unsigned_abs))
        })
    }

    /// How many missed calls nobody has looked at or called back. A call missed on several extensions is one call,
    /// until it has been seen on each.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn missed_unseen(&self) -> Result<u64, StoreError> {
        self.db.read(|connection| {
            connection
                .prepare_cached("SELECT count(DISTINCT call_id) FROM calls WHERE missed = 1 AND seen = 0")?
                .query_row([], |row| row.get(0).map(i64::unsigned_abs))
        })
    }

    /// Somebody looked at a missed call. A call that is still going on can be missed later.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn mark_seen(&self, call_id: &str, extension: &str) -> Result<(), StoreError> {
        self.db.write(|transaction| {
            transaction.execute(
                "UPDATE calls SET seen = 1 WHERE call_id = ?1 AND extension = ?2 AND missed = 1",
                (call_id, extension),
            )?;
            Ok(())
        })
    }

    /// Somebody looked at all missed calls.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn mark_all_seen(&self) -> Result<(), StoreError> {
        self.db.write(|transaction| {
            transaction.execute("UPDATE calls SET seen = 1 WHERE missed = 1 AND seen = 0", [])?;
            Ok(())
        })
    }

    /// Somebody called back, or talked to them after all: the missed calls with a number are done with.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn mark_seen_number(&self, number_key: &str) -> Result<(), StoreError> {
        self.db.write(|transaction| {
            transaction.execute(
                "UPDATE calls SET seen = 1 WHERE number_key = ?1 AND missed = 1 AND seen = 0",
                [number_key],
            )?;
            Ok(())
        })
    }

    /// Keeps what the agent says of a call, instead of what was said before; `None` takes it back. `false` when
    /// there is no such call (any more).
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn keep_wrap_up(
        &self,
        call_id: &str,
        extension: &str,
        disposition: Option<&str>,
        note: Option<&str>,
    ) -> Result<bool, StoreError> {
        self.db.write(|transaction| {
            let changed = transaction.execute(
                "UPDATE calls SET disposition = ?3, note = ?4 WHERE call_id = ?1 AND extension = ?2",
                (call_id, extension, disposition, note),
            )?;
            Ok(changed == 1)
        })
    }
}

/// Teaches a connection to compare text as people do; SQLite's own functions know only the letters of ASCII.
pub(crate) fn teach(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    for (name, change) in [("folded", folded as fn(&str) -> String), ("digits", digits)] {
        connection.create_scalar_function(name, 1, flags, move |call| {
            Ok(call.get_raw(0).as_str_or_null()?.map(change))
        })?;
    }
    Ok(())
}

/// Without differences of case. First small, then large: so ß, ẞ and SS are one, and so are both small sigmas.
fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).flat_map(char::to_uppercase).collect()
}

/// The digits alone, wide ones too; without the zero that is not dialed from abroad: +49 (0) 89 ….
fn digits(text: &str) -> String {
    let wide = u32::from('０');
    text.replace("(0)", "")
        .chars()
        .filter_map(|c| match c {
            '0'..='9' => Some(c),
            '０'..='９' => char::from_digit(u32::from(c) - wide, 10),
            _ => None,
        })
        .collect()
}

/// A number of rows as SQLite counts them.
pub(crate) fn rows(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::journal::{Missed, RecordRef};

    const NUMBER: &str = "+498912345678";

    fn call(id: &str, started_ms: i64) -> CallRow {
        CallRow {
            call_id: id.into(),
            extension: "1001".into(),
            direction: "inbound".into(),
            number: Some(NUMBER.into()),
            number_key: Some(NUMBER.into()),
            phase: "over".into(),
            outcome: Some("answered".into()),
            started_ms,
            ..CallRow::default()
        }
    }

    fn missed(id: &str, started_ms: i64) -> CallRow {
        CallRow { outcome: Some("missed".into()), missed: Missed::Unseen, ..call(id, started_ms) }
    }

    fn journal(calls: &[CallRow]) -> (tempfile::TempDir, Journal) {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(dir.path()).unwrap();
        for call in calls {
            journal.record(call).unwrap();
        }
        (dir, journal)
    }

    fn ids(calls: Result<Vec<CallRow>, StoreError>) -> String {
        calls.unwrap().into_iter().map(|call| call.call_id).collect::<Vec<_>>().join(" ")
    }

    fn found(journal: &Journal, text: &str) -> String {
        ids(journal.history(&HistoryQuery { text: text.into(), ..HistoryQuery::default() }))
    }

    #[test]
    fn the_history_is_read_page_by_page_and_survives_a_restart() {
        let calls: Vec<_> = (1..=7).map(|at| call(&at.to_string(), at)).collect();
        let (dir, journal) = journal(&calls);
        drop(journal);
        let journal = Journal::open(dir.path()).unwrap();
        let page =
            |limit, offset| ids(journal.history(&HistoryQuery { limit, offset, ..HistoryQuery::default() }));
        assert_eq!(page(3, 0), "7 6 5");
        assert_eq!(page(3, 3), "4 3 2");
        assert_eq!(page(3, 6), "1");
        assert_eq!(page(3, 9), "");
        assert_eq!(page(usize::MAX, 0), "7 6 5 4 3 2 1");
        assert_eq!(journal.history(&HistoryQuery::default()).unwrap().len(), 7);
    }

    #[test]
    fn filters_add_up() {
        let known = RecordRef { kind: "contact".into(), id: "7".into(), web_url: None };
        let (_dir, journal) = journal(&[
            call("a", 1),
            CallRow { who: Some("nobody".into()), ..missed("b", 2) },
            CallRow { record: Some(known.clone()), ..missed("c", 3) },
            CallRow { outcome: Some("voicemail".into()), who: Some("nobody".into()), ..call("d", 4) },
            CallRow {
                direction: "outbound".into(),
                missed: Missed::No,
                who: Some("several".into()),
                ..missed("e", 5)
            },
            CallRow { outcome: None, record: Some(known), ..call("f", 6) },
        ]);
        let all = HistoryQuery::default;
        let outcomes = |codes: &[&str]| codes.iter().map(|&code| code.to_owned()).collect();
        let ids = |query: HistoryQuery| ids(journal.history(&query));
        assert_eq!(ids(HistoryQuery { outcomes: outcomes(&["missed"]), ..all() }), "e c b");
        assert_eq!(ids(HistoryQuery { outcomes: outcomes(&["missed", "voicemail"]), ..all() }), "e d c b");
        assert_eq!(ids(HistoryQuery { outcomes: outcomes(&["\"] or 1"]), ..all() }), "");
        assert_eq!(ids(HistoryQuery { missed_only: true, ..all() }), "c b");
        assert_eq!(ids(HistoryQuery { who: Some("nobody".into()), ..all() }), "d b");
        assert_eq!(ids(HistoryQuery { since_ms: Some(3), ..all() }), "f e d c");
        let missed_unknown = HistoryQuery { missed_only: true, who: Some("nobody".into()), ..all() };
        assert_eq!(ids(missed_unknown), "b");
    }

    #[test]
    fn a_part_of_a_name_or_company_finds_the_call_whatever_the_case() {
        let with = |id: &str, at, name: &str, company: &str| CallRow {
            name: Some(name.into()),
            company: Some(company.into()),
            number: None,
            number_key: None,
            ..call(id, at)
        };
        let (_dir, journal) = journal(&[
            with("a", 1, "Jürgen Groß", "Ärzte 100 % GmbH"),
            with("b", 2, "王小明", "示例公司"),
            with("c", 3, "Νίκος", "ΟΔΟΣ & Co_Op [x]*?"),
            CallRow { name: None, ..call("d", 4) },
        ]);
        for (text, expected) in [
            ("JÜRG", "a"),
            ("gross", "a"),
            ("GROẞ", "a"),
            ("  ärzte ", "a"),
            ("王小", "b"),
            ("公司", "b"),
            ("νίκοσ", "c"),
            ("οδος", "c"),
            ("100 %", "a"),
            ("%", "a"),
            ("_", "c"),
            ("o_o", "c"),
            ("[x]*?", "c"),
            ("' OR 1 --", ""),
            ("nobody", ""),
            ("", "d c b a"),
            ("   ", "d c b a"),
        ] {
            assert_eq!(found(&journal, text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_number_is_found_in_any_notation() {
        let with = |id: &str, at, number: &str, key: Option<&str>| CallRow {
            number: Some(number.into()),
            number_key: key.map(Into::into),
            ..call(id, at)
        };
        let (_dir, journal) = journal(&[
            with("old", 1, "+49 89/123-456", None),
            with("national", 2, "(089) 123456", Some("+4989123456")),
            with("other", 3, "+1 555 010 0042", Some("+15550100042")),
            CallRow { name: Some("Filiale 89".into()), ..with("star", 4, "*97", Some("97")) },
        ]);
        for (text, expected) in [
            ("+49 89 123456", "national old"),
            ("004989123456", "national old"),
            ("089 / 123 456", "national old"),
            ("+49 (0) 89 123456", "national old"),
            ("０８９１２３", "national old"),
            ("23-45", "national old"),
            ("89", "star national old"),
            ("(555) 010-0042", "other"),
            ("0", "other national"),
            ("*97", "star"),
            ("Filiale 89", "star"),
            ("+", "other old"),
            ("Filiale 555", ""),
            ("4989123457", ""),
        ] {
            assert_eq!(found(&journal, text), expected, "{text:?}");
        }
    }

    #[test]
    fn calls_with_a_number_are_listed_by_row_and_counted_by_call() {
        let (_dir, journal) = journal(&[
            call("a", 1),
            call("b", 2),
            CallRow { extension: "1002".into(), ..call("b", 2) },
            CallRow { number_key: Some("+15550100042".into()), ..call("c", 3) },
            CallRow { number_key: None, ..call("d", 4) },
        ]);
        assert_eq!(ids(journal.calls_with(NUMBER, 9)), "b b a");
        assert_eq!(ids(journal.calls_with(NUMBER, 1)), "b");
        assert_eq!(journal.count_since(NUMBER, 0).unwrap(), 2);
        assert_eq!(journal.count_since(NUMBER, 2).unwrap(), 1);
        assert_eq!(journal.count_since(NUMBER, 3).unwrap(), 0);
        assert_eq!(journal.count_since("", 0).unwrap(), 0);
    }

    #[test]
    fn a_missed_call_counts_until_somebody_looks_at_it() {
        let (_dir, journal) = journal(&[
            call("a", 1),
            missed("b", 2),
            CallRow { extension: "1002".into(), ..missed("b", 2) },
            missed("c", 3),
        ]);
        assert_eq!(journal.missed_unseen().unwrap(), 2);
        journal.mark_seen("b", "1001").unwrap();
        assert_eq!(journal.missed_unseen().unwrap(), 2, "missed on another extension, too");
        journal.mark_seen("b", "1002").unwrap();
        assert_eq!(journal.missed_unseen().unwrap(), 1);
        let marks: Vec<_> = journal.recent(9).unwrap().into_iter().map(|call| call.missed).collect();
        assert_eq!(marks, [Missed::Unseen, Missed::Seen, Missed::Seen, Missed::No]);
        journal.mark_all_seen().unwrap();
        assert_eq!(journal.missed_unseen().unwrap(), 0);
        journal.record(&missed("d", 4)).unwrap();
        assert_eq!(journal.missed_unseen().unwrap(), 1);
    }

    #[test]
    fn calling_back_settles_the_missed_calls_with_that_number() {
        let other = CallRow { number_key: Some("+15550100042".into()), ..missed("c", 3) };
        let (_dir, journal) = journal(&[missed("a", 1), missed("b", 2), other]);
        journal.mark_seen_number(NUMBER).unwrap();
        assert_eq!(journal.missed_unseen().unwrap(), 1);
        let marks: Vec<_> = journal.recent(9).unwrap().into_iter().map(|call| call.missed).collect();
        assert_eq!(marks, [Missed::Unseen, Missed::Seen, Missed::Seen]);
    }

    #[test]
    fn a_call_looked_at_while_it_rings_can_still_be_missed() {
        let ringing = CallRow { phase: "ringing".into(), outcome: None, ..call("a", 1) };
        let (_dir, journal) = journal(&[ringing]);
        journal.mark_seen("a", "1001").unwrap();
        journal.mark_all_seen().unwrap();
        journal.mark_seen_number(NUMBER).unwrap();
        journal.record(&missed("a", 1)).unwrap();
        assert_eq!(journal.missed_unseen().unwrap(), 1);
    }

    #[test]
    fn a_row_written_again_stays_seen_and_keeps_what_the_agent_noted() {
        let (dir, journal) = journal(&[missed("a", 1)]);
        journal.mark_seen("a", "1001").unwrap();
        assert!(journal.keep_wrap_up("a", "1001", Some("billing"), Some("wants a copy")).unwrap());
        assert!(!journal.keep_wrap_up("a", "1002", Some("billing"), None).unwrap());
        journal.record(&CallRow { name: Some("Max Muster".into()), ..missed("a", 1) }).unwrap();
        drop(journal);
        let journal = Journal::open(dir.path()).unwrap();
        let expected = CallRow {
            name: Some("Max Muster".into()),
            missed: Missed::Seen,
            disposition: Some("billing".into()),
            note: Some("wants a copy".into()),
            ..missed("a", 1)
        };
        assert_eq!(journal.recent(9).unwrap(), [expected]);
        journal.record(&call("a", 1)).unwrap();
        journal.record(&missed("a", 1)).unwrap();
        assert_eq!(journal.missed_unseen().unwrap(), 0, "even after a change of mind");
        journal.keep_wrap_up("a", "1001", None, None).unwrap();
        let row = journal.recent(1).unwrap().remove(0);
        assert_eq!((row.disposition, row.note), (None, None));
    }

    /// A file as version 1 of the schema wrote it.
    fn old_file(dir: &Path) {
        let old = Connection::open(dir.join("deskring.db")).unwrap();
        old.pragma_update(None, "journal_mode", "WAL").unwrap();
        old.execute_batch(include_str!("migrations/0001.sql")).unwrap();
        old.execute_batch(
            "INSERT INTO calls VALUES
                ('a', '1001', 'inbound', '+49 89 123456', 'Max Muster', 'contact', '7', 'https://desk.example.com/7',
                 'over', 'answered', 'opened', 1000, 2000, 3000, 12, 400, 450, '{\"call\":\"a\"}'),
                ('b', '1001', 'inbound', NULL, NULL, NULL, NULL, NULL,
                 'over', 'missed', 'withheld', 1001, NULL, 3001, NULL, NULL, NULL, NULL),
                ('c', '1001', 'outbound', '+15550100042', NULL, NULL, NULL, NULL,
                 'over', 'missed', 'outbound', 1002, NULL, 3002, NULL, NULL, NULL, NULL);
             INSERT INTO pops VALUES ('a', 1500);
             INSERT INTO lookups VALUES ('+4989123456', 1000, 901000);
             INSERT INTO records VALUES ('+4989123456', 'contact', '7', 'Max Muster', NULL, NULL, 1000, 'found');
             PRAGMA user_version = 1;",
        )
        .unwrap();
    }

    #[test]
    fn a_file_of_the_first_version_is_taken_over_with_everything_in_it() {
        let dir = tempfile::tempdir().unwrap();
        old_file(dir.path());
        let journal = Journal::open(dir.path()).unwrap();
        assert_eq!(journal.set_aside(), None);
        let [c, b, a] = <[CallRow; 3]>::try_from(journal.recent(9).unwrap()).unwrap();
        let expected = CallRow {
            call_id: "a".into(),
            extension: "1001".into(),
            direction: "inbound".into(),
            number: Some("+49 89 123456".into()),
            name: Some("Max Muster".into()),
            record: Some(RecordRef {
                kind: "contact".into(),
                id: "7".into(),
                web_url: Some("https://desk.example.com/7".into()),
            }),
            phase: "over".into(),
            outcome: Some("answered".into()),
            reason: Some("opened".into()),
            started_ms: 1_000,
            answered_ms: Some(2_000),
            ended_ms: Some(3_000),
            timings: crate::journal::CallTimings {
                notification: Some(12),
                lookup: Some(400),
                tab: Some(450),
            },
            detail: Some(r#"{"call":"a"}"#.into()),
            ..CallRow::default()
        };
        assert_eq!(a, expected);
        assert_eq!((b.missed, c.missed), (Missed::Seen, Missed::No));
        assert_eq!(journal.missed_unseen().unwrap(), 0, "old calls are no news");
        assert_eq!(found(&journal, "089 123456"), "a", "old rows are found too");
        assert_eq!(journal.popped_since(0).unwrap(), ["a"]);
        assert_eq!(journal.cache_get("+4989123456", 2_000).unwrap().unwrap().len(), 1);
        journal.record(&CallRow { number_key: Some(NUMBER.into()), ..a }).unwrap();
        drop(journal);
        let journal = Journal::open(dir.path()).unwrap();
        assert_eq!(ids(journal.calls_with(NUMBER, 9)), "a");
    }

    #[test]
    fn a_query_names_nobody_in_a_log() {
        for text in ["Max Muster", NUMBER] {
            let shown = format!("{:?}", HistoryQuery { text: text.into(), ..HistoryQuery::default() });
            assert!(!shown.contains("Muster") && !shown.contains("49891"), "{shown}");
        }
    }

    #[test]
    fn the_questions_of_every_call_go_by_an_index() {
        let (_dir, journal) = journal(&[]);
        for (question, index) in [
            ("SELECT * FROM calls WHERE number_key = ?1 ORDER BY started_ms DESC", "calls_by_number"),
            ("SELECT count(DISTINCT call_id) FROM calls WHERE missed = 1 AND seen = 0", "calls_unseen"),
            ("SELECT * FROM calls WHERE started_ms >= ?1 ORDER BY started_ms DESC LIMIT 9", "calls_by_start"),
        ] {
            let plan: String = journal
                .db
                .read(|connection| {
                    let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {question}"))?;
                    let arguments = vec![0; plan.parameter_count()];
                    plan.query_row(rusqlite::params_from_iter(arguments), |row| row.get(3))
                })
                .unwrap();
            assert!(plan.contains(index), "{plan}");
        }
    }
}
