//! What the gateway keeps, on SQLite and on PostgreSQL: credentials, their tokens, codes. The same must hold on both.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![cfg(unix)]

use deskring_gateway::{Extension, Pair, Place, Refused, Server, State};
use deskring_redact::ExposeSecret;
use e2e::postgres::Postgres;

const NOW: i64 = 1_790_000_000;
/// Life of an access token.
const ACCESS: i64 = 30 * 60;
const A_DAY: i64 = 24 * 60 * 60;

/// Each on a new folder, and all of them on one server.
macro_rules! on_both {
    ($($scenario:ident),* $(,)?) => {
        mod on_sqlite {
            use super::*;

            $(#[tokio::test]
            async fn $scenario() {
                let folder = tempfile::tempdir().unwrap();
                super::$scenario(&State::open(&Place::Folder(folder.path().to_owned())).await.unwrap()).await;
            })*
        }

        #[tokio::test]
        async fn the_same_holds_on_postgresql() {
            let postgres = Postgres::start().await;
            let place = Place::Server(Box::new(Server::new(&postgres.url(), None, None).unwrap()));
            $(
                let state = State::open(&place).await.unwrap();
                $scenario(&state).await;
                for agent in state.agents().await.unwrap() {
                    state.revoke(&agent.client.0).await.unwrap();
                }
            )*
        }
    };
}

on_both! {
    tokens_end_and_are_renewed_once,
    the_ninth_pair_is_refused_until_one_ends,
    of_many_that_sign_in_at_once_eight_get_a_pair,
    who_is_revoked_or_gets_a_new_secret_has_no_token_left,
    a_code_is_good_once_and_for_a_day,
}

async fn holds(state: &State, pair: &Pair, now: i64) -> bool {
    state.holder(pair.access.expose_secret(), now).await.is_ok()
}

async fn tokens_end_and_are_renewed_once(state: &State) {
    let mine = state.add(&Extension::new("2001"), NOW).await.unwrap();
    let (_, first) = state.grant(&mine.client, &mine.secret, NOW).await.unwrap();
    let later = NOW + ACCESS - 1;
    assert!(holds(state, &first, later).await);
    assert!(!holds(state, &first, later + 1).await);
    let (_, second) = state.renew(first.refresh.expose_secret(), later).await.unwrap();
    assert!(holds(state, &first, later).await && holds(state, &second, later + 60).await);
    assert!(matches!(state.renew(first.refresh.expose_secret(), later).await, Err(Refused::Unknown)));
    state.give_back(second.access.expose_secret()).await.unwrap();
    assert!(!holds(state, &second, later).await);
    assert!(matches!(state.renew(second.refresh.expose_secret(), later).await, Err(Refused::Unknown)));
}

async fn the_ninth_pair_is_refused_until_one_ends(state: &State) {
    let mine = state.add(&Extension::new("2001"), NOW).await.unwrap();
    for _ in 0..8 {
        state.grant(&mine.client, &mine.secret, NOW).await.unwrap();
    }
    assert!(matches!(state.grant(&mine.client, &mine.secret, NOW).await, Err(Refused::TooMany)));
    assert!(state.grant(&mine.client, &mine.secret, NOW + ACCESS).await.is_ok());
}

async fn who_is_revoked_or_gets_a_new_secret_has_no_token_left(state: &State) {
    let me = Extension::new("2001");
    let (one, two) = (state.add(&me, NOW).await.unwrap(), state.add(&me, NOW).await.unwrap());
    let (_, pair) = state.grant(&one.client, &one.secret, NOW).await.unwrap();
    let fresh = state.rotate(&one.client).await.unwrap().unwrap();
    assert!(!holds(state, &pair, NOW).await);
    assert!(matches!(state.grant(&one.client, &one.secret, NOW).await, Err(Refused::Unknown)));
    let (_, pair) = state.grant(&one.client, &fresh.secret, NOW).await.unwrap();
    let mut gone = state.revoke("2001").await.unwrap();
    gone.sort();
    let mut both = vec![one.client.clone(), two.client];
    both.sort();
    assert_eq!(gone, both);
    assert!(!holds(state, &pair, NOW).await);
    assert!(matches!(state.renew(pair.refresh.expose_secret(), NOW).await, Err(Refused::Unknown)));
    assert!(state.rotate(&one.client).await.unwrap().is_none());
    assert!(state.agents().await.unwrap().is_empty());
}

async fn a_code_is_good_once_and_for_a_day(state: &State) {
    let me = Extension::new("2001");
    let code = state.invite(&me, NOW).await.unwrap();
    let late = state.invite(&me, NOW).await.unwrap();
    let (_, made) = state.enroll(code.expose_secret(), NOW).await.unwrap().unwrap();
    assert!(state.enroll(code.expose_secret(), NOW).await.unwrap().is_none());
    assert!(state.enroll(late.expose_secret(), NOW + A_DAY).await.unwrap().is_none());
    assert_eq!(state.grant(&made.client, &made.secret, NOW).await.unwrap().0.extension, me);
}

async fn of_many_that_sign_in_at_once_eight_get_a_pair(state: &State) {
    let mine = state.add(&Extension::new("2001"), NOW).await.unwrap();
    let signing_in = (0..12).map(|_| state.grant(&mine.client, &mine.secret, NOW));
    let granted = futures_util::future::join_all(signing_in).await;
    assert_eq!(granted.iter().filter(|granted| granted.is_ok()).count(), 8);
    assert!(granted.iter().all(|granted| matches!(granted, Ok(_) | Err(Refused::TooMany))));
}
