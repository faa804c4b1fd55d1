use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000)
}

fn timings() -> Timings {
    Timings::default()
}

fn life_from(issued_at: SystemTime) -> Life {
    let pair = TokenPair {
        access: Secret::from("a"),
        refresh: Secret::from("r"),
        access_expires_at: issued_at + 30 * MINUTE,
        refresh_expires_at: issued_at + 24 * 60 * MINUTE,
        issued_at,
    };
    life(&pair, &timings())
}

fn signed_in() -> State {
    let mut state = State::new(&timings());
    state.granted(life_from(start()), &timings());
    state
}

#[test]
fn a_day_of_a_token_without_any_trouble() {
    let state = signed_in();
    for (after, step) in [
        (Duration::ZERO, Step::Use),
        (24 * MINUTE, Step::Use),
        (25 * MINUTE, Step::Refresh),
        (29 * MINUTE, Step::Refresh),
        (31 * MINUTE, Step::Refresh),
        (23 * 60 * MINUTE, Step::Refresh),
        (24 * 60 * MINUTE, Step::Get),
        (72 * 60 * MINUTE, Step::Get),
    ] {
        assert_eq!(next(start() + after, &state), step, "{after:?}");
    }
    assert_eq!(next(start(), &State::new(&timings())), Step::Get);
}

#[test]
fn a_refused_access_token_is_refreshed_and_a_refused_refresh_token_signs_in() {
    let mut state = signed_in();
    state.access = Trust::Rejected;
    assert_eq!(next(start(), &state), Step::Refresh);
    state.refresh_rejected();
    assert_eq!(next(start(), &state), Step::Get);
    state.granted(life_from(start() + MINUTE), &timings());
    assert_eq!(next(start() + MINUTE, &state), Step::Use);
}

#[test]
fn a_refresh_without_an_answer_signs_in_once_and_never_refreshes_twice() {
    let (mut state, due) = (signed_in(), start() + 25 * MINUTE);
    state.refresh_lost();
    assert_eq!(next(due, &state), Step::Get);
    // All tokens taken: the uncertain pair is tried once more, then the access token as long as it lasts.
    state.get_refused(due, refused(60002), &timings());
    assert_eq!(next(due, &state), Step::Refresh);
    state.refresh_lost();
    assert_eq!(next(due, &state), Step::Use);
    let mut later = state.clone();
    later.get_refused(due + MINUTE, refused(60002), &timings());
    assert_eq!(next(due + 6 * MINUTE, &later), Step::Refuse(Refusal::TooManyTokens(5 * MINUTE)));
    assert_eq!(next(due + 5 * MINUTE, &state), Step::Get, "the pause is measured from the refusal");
}

#[test]
fn wrong_credentials_are_tried_twice_and_never_again() {
    let mut state = State::new(&timings());
    for code in [1, 40004, 40005, 40011, 10004, 12345, 401] {
        let mut state = State::new(&timings());
        let error = state.get_refused(start(), refused(code), &timings());
        assert_eq!(error.kind(), &Kind::Credentials { tries_left: 1 }, "{code}");
        assert_eq!((error.retry(), error.code()), (Retry::Backoff, Some(code)));
    }
    state.get_refused(start(), refused(1), &timings());
    assert_eq!(next(start(), &state), Step::Get);
    let error = state.get_refused(start(), refused(1), &timings());
    assert_eq!((error.kind(), error.retry()), (&Kind::Credentials { tries_left: 0 }, Retry::Never));
    for days in 0..10 {
        let now = start() + days * 24 * 60 * MINUTE;
        assert_eq!(next(now, &state), Step::Refuse(Refusal::CredentialsSpent));
    }
}

#[test]
fn a_parameter_error_counts_as_a_try_and_trouble_of_the_pbx_does_not() {
    let mut state = State::new(&timings());
    assert_eq!(state.get_refused(start(), refused(40002), &timings()).kind(), &Kind::Parameter);
    assert_eq!(state.failures, 1);
    for code in [-2, 10001, 60002, 70004, 70087] {
        let mut state = State::new(&timings());
        state.get_refused(start(), refused(code), &timings());
        assert_eq!(state.failures, 0, "{code}");
    }
}

#[test]
fn a_success_forgets_the_tries() {
    let mut state = State::new(&timings());
    state.get_refused(start(), refused(1), &timings());
    state.granted(life_from(start()), &timings());
    assert_eq!(state.failures, 0);
}

#[test]
fn too_many_tokens_pauses_five_minutes_and_doubles_up_to_thirty() {
    let (mut state, mut now) = (State::new(&timings()), start());
    for minutes in [5, 10, 20, 30, 30] {
        let error = state.get_refused(now, refused(60002), &timings());
        assert_eq!(error.retry(), Retry::After(minutes * MINUTE));
        let almost = now + minutes * MINUTE - Duration::from_secs(1);
        assert_eq!(next(almost, &state), Step::Refuse(Refusal::TooManyTokens(Duration::from_secs(1))));
        now += minutes * MINUTE;
        assert_eq!(next(now, &state), Step::Get);
    }
}

#[test]
fn a_blocked_address_keeps_still_for_eleven_minutes_but_uses_what_it_has() {
    let (mut state, due) = (signed_in(), start() + 25 * MINUTE);
    assert!(state.obstructed(due, &refused(70004), &timings()));
    assert_eq!(next(due + MINUTE, &state), Step::Use);
    assert_eq!(next(due + 6 * MINUTE, &state), Step::Refuse(Refusal::AddressBlocked(5 * MINUTE)));
    assert_eq!(next(due + 11 * MINUTE, &state), Step::Refresh);
}

#[test]
fn an_address_that_is_not_allowed_waits_to_be_told() {
    let mut state = State::new(&timings());
    state.get_refused(start(), refused(70087), &timings());
    assert_eq!(next(start() + 600 * MINUTE, &state), Step::Refuse(Refusal::AddressNotAllowed));
}

#[test]
fn after_signing_out_nothing_is_asked() {
    let mut state = signed_in();
    state.obstacle = Obstacle::SignedOut;
    assert_eq!(next(start(), &state), Step::Refuse(Refusal::SignedOut));
}

#[test]
fn a_clock_that_is_set_back_neither_prolongs_a_token_nor_a_pause() {
    let state = signed_in();
    assert_eq!(next(start() - 120 * MINUTE, &state), Step::Refresh);
    let mut state = State::new(&timings());
    state.get_refused(start(), refused(70004), &timings());
    assert_eq!(next(start() - 24 * 60 * MINUTE, &state), Step::Get);
}

#[test]
fn a_token_answer_is_read_leniently() {
    let answer = json!({"errcode": 0, "access_token": "A".repeat(32), "access_token_expire_time": "1800",
        "refresh_token": "R".repeat(32), "refresh_token_expire_time": 86400});
    let pair = read_pair(&answer, start()).unwrap();
    assert_eq!(pair.access_expires_at, start() + 30 * MINUTE);
    assert_eq!(pair.refresh_expires_at, start() + 24 * 60 * MINUTE);
    assert!(!format!("{pair:?}").contains("AAAA") && !format!("{pair:?}").contains("RRRR"));
    let odd = json!({"access_token": "a", "refresh_token": "r", "access_token_expire_time": -1,
        "refresh_token_expire_time": 9_999_999_999_999_i64});
    let pair = read_pair(&odd, start()).unwrap();
    assert_eq!(pair.access_expires_at, start() + 30 * MINUTE);
    assert_eq!(pair.refresh_expires_at, start() + 24 * 60 * MINUTE);
    assert!(read_pair(&json!({"access_token": "a"}), start()).is_none());
}
