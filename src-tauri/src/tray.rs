//! The tray: what it shows as a value computed from a view, and the thin layer that hands the value to Tauri.
//! Must not know how a command is carried out.

use std::collections::BTreeSet;
use std::path::Path;

use deskring_engine::view::{AppView, CallView, DraftView, LinkState, RecordView};
use deskring_wording::Words;
use tauri::image::Image;
use tauri::menu::{IsMenuItem, Menu, MenuItem, PredefinedMenuItem, Submenu};
use tauri::tray::{TrayIcon, TrayIconBuilder};
use tauri::{AppHandle, Wry};

use crate::phrases::{self, NAME, NUMBER, clean};

const ID: &str = "deskring";
/// Calls in the submenu.
const RECENT: usize = 10;
/// Numbers to be called again.
const AGAIN: usize = 5;
/// Forms begun, in the menu; the window has them all.
const DRAFTS: usize = 3;
/// Matches in a submenu; the window has them all.
const MATCHES: usize = 9;

/// All there is to see of the tray.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Face {
    pub(crate) icon: Icon,
    /// Shown where the system shows one.
    pub(crate) tooltip: String,
    pub(crate) items: Vec<Item>,
}

/// Each has a shape of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Icon {
    Idle,
    Ringing,
    Talking,
    /// No link to the PBX; it is tried again.
    Offline,
    /// Somebody has to look.
    Attention,
}

/// One line of the menu.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Item {
    Line,
    Do {
        text: String,
        act: Act,
    },
    /// Says why it can do nothing.
    Off {
        text: String,
    },
    More {
        text: String,
        items: Vec<Item>,
    },
}

/// What a line does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    Show,
    Settings,
    Open {
        call: String,
    },
    Choose {
        call: String,
        kind: String,
        id: String,
    },
    /// A form for a new contact, in the window.
    Create {
        call: String,
        extension: String,
    },
    /// Goes on with a form.
    Continue {
        key: String,
    },
    Ticket {
        call: String,
    },
    CallBack {
        call: String,
        extension: String,
    },
    /// Something is done to a call that is on.
    Do {
        call: String,
        extension: String,
        act: String,
    },
    /// A number is to be typed, in the window.
    Type,
    /// Yes, dial it.
    Dial {
        id: u64,
    },
    /// No, or: seen.
    Dismiss {
        id: u64,
    },
    Pause {
        minutes: Option<u32>,
    },
    Resume,
    Quit,
}

impl Act {
    fn id(&self) -> String {
        match self {
            Self::Show => "show".into(),
            Self::Settings => "settings".into(),
            Self::Open { call } => format!("open {call}"),
            Self::Choose { call, kind, id } => format!("choose {call} {kind} {id}"),
            Self::Create { call, extension } => format!("create {call} {extension}"),
            Self::Continue { key } => format!("continue {key}"),
            Self::Ticket { call } => format!("ticket {call}"),
            Self::CallBack { call, extension } => format!("back {call} {extension}"),
            Self::Do { call, extension, act } => format!("do {call} {extension} {act}"),
            Self::Type => "type".into(),
            Self::Dial { id } => format!("dial {id}"),
            Self::Dismiss { id } => format!("dismiss {id}"),
            Self::Pause { minutes: Some(minutes) } => format!("pause {minutes}"),
            Self::Pause { minutes: None } => "pause".into(),
            Self::Resume => "resume".into(),
            Self::Quit => "quit".into(),
        }
    }

    /// The act of a pressed line.
    pub(crate) fn of_id(id: &str) -> Option<Self> {
        let (word, rest) = id.split_once(' ').map_or((id, None), |(word, rest)| (word, Some(rest)));
        match (word, rest) {
            ("show", None) => Some(Self::Show),
            ("settings", None) => Some(Self::Settings),
            ("open", Some(call)) => Some(Self::Open { call: call.to_owned() }),
            ("choose", Some(rest)) => {
                let (call, record) = rest.split_once(' ')?;
                let (kind, id) = record.split_once(' ')?;
                Some(Self::Choose { call: call.to_owned(), kind: kind.to_owned(), id: id.to_owned() })
            }
            ("create", Some(rest)) => {
                let (call, extension) = rest.split_once(' ')?;
                Some(Self::Create { call: call.to_owned(), extension: extension.to_owned() })
            }
            ("continue", Some(key)) => Some(Self::Continue { key: key.to_owned() }),
            ("ticket", Some(call)) => Some(Self::Ticket { call: call.to_owned() }),
            ("back", Some(rest)) => {
                let (call, extension) = rest.split_once(' ')?;
                Some(Self::CallBack { call: call.to_owned(), extension: extension.to_owned() })
            }
            ("do", Some(rest)) => {
                let (call, rest) = rest.split_once(' ')?;
                let (extension, act) = rest.split_once(' ')?;
                let [call, extension, act] = [call, extension, act].map(str::to_owned);
                Some(Self::Do { call, extension, act })
            }
            ("type", None) => Some(Self::Type),
            ("dial", Some(id)) => Some(Self::Dial { id: id.parse().ok()? }),
            ("dismiss", Some(id)) => Some(Self::Dismiss { id: id.parse().ok()? }),
            ("pause", Some(minutes)) => Some(Self::Pause { minutes: Some(minutes.parse().ok()?) }),
            ("pause", None) => Some(Self::Pause { minutes: None }),
            ("resume", None) => Some(Self::Resume),
            ("quit", None) => Some(Self::Quit),
            _ => None,
        }
    }
}

/// What the tray shows for a view. `time` writes a time of day.
pub(crate) fn face(view: &AppView, words: &Words, time: &dyn Fn(i64) -> String) -> Face {
    let view = &view.as_others_see();
    Face { icon: icon(view), tooltip: headline(view, words), items: menu(view, words, time) }
}

fn icon(view: &AppView) -> Icon {
    match view.pbx.state {
        LinkState::NotSetUp | LinkState::Stopped => return Icon::Attention,
        LinkState::Disabled | LinkState::Connecting | LinkState::Down => return Icon::Offline,
        LinkState::Up => {}
    }
    if view.calls.iter().any(|call| call.phase == "ringing") {
        return Icon::Ringing;
    }
    if !view.calls.is_empty() {
        return Icon::Talking;
    }
    match view.desk.state {
        LinkState::NotSetUp | LinkState::Stopped | LinkState::Down => Icon::Attention,
        LinkState::Disabled | LinkState::Connecting | LinkState::Up
            if is_well(view) && view.outbox.wedged == 0 =>
        {
            Icon::Idle
        }
        LinkState::Disabled | LinkState::Connecting | LinkState::Up => Icon::Attention,
    }
}

/// The menu for a view.
pub(crate) fn menu(view: &AppView, words: &Words, time: &dyn Fn(i64) -> String) -> Vec<Item> {
    let headline = headline(view, words);
    let not_written = not_written(view, words).filter(|text| *text != headline);
    let mut items = vec![Item::Do { text: headline, act: lead(view) }, Item::Line];
    items.extend(dial(view, words));
    match view.calls.as_slice() {
        [] => items.push(open_last(view, words)),
        [call] => {
            if !is_working(view) {
                items.push(Item::Do { text: phrases::state_of_call(call, words), act: Act::Show });
            }
            items.push(open(call, words.text("tray-open-current"), words));
            items.extend(further(call, words));
        }
        calls => {
            for call in calls {
                items.push(Item::Do { text: phrases::state_of_call(call, words), act: Act::Show });
                items.push(open(call, open_of(call, words), words));
                items.extend(further(call, words));
            }
        }
    }
    items.extend(wrap_up(view, words));
    items.extend(drafts(view, words));
    // Said once.
    items.extend(not_written.map(|text| Item::Do { text, act: Act::Show }));
    items.extend([recent(view, words, time), Item::Line, pause(view, words, time), Item::Line]);
    items.push(Item::Do { text: words.text("tray-dial"), act: Act::Type });
    items.extend(call_again(view, words));
    items.push(Item::Do { text: words.text("tray-show"), act: Act::Show });
    items.push(Item::Do { text: words.text("tray-settings"), act: Act::Settings });
    items.push(Item::Do { text: words.text("tray-quit"), act: Act::Quit });
    items
}

/// A number that somebody wants to be called, and the answers to it. All there is to know of it stands in the window.
fn dial(view: &AppView, words: &Words) -> Vec<Item> {
    let Some(wish) = &view.dial else { return Vec::new() };
    let parts = [wish.name.as_deref().map(|name| clean(name, NAME)), Some(clean(&wish.number_text, NUMBER))];
    let who = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    let about = |key: &str| words.with(key, &[("who", who.clone().into())]);
    let answer = |key: &str, act| Item::Do { text: words.text(key), act };
    let (yes, no) = (Act::Dial { id: wish.id }, Act::Dismiss { id: wish.id });
    match wish.state.as_str() {
        "asking" => {
            let items = vec![answer("dial-yes", yes), answer("dial-no", no)];
            vec![Item::More { text: about("dial-ask"), items }, Item::Line]
        }
        "waiting" => {
            vec![Item::More { text: about("dial-waiting"), items: vec![answer("dial-no", no)] }, Item::Line]
        }
        "failed" => {
            let cause = words.of_code("cause", wish.reason.as_deref().unwrap_or("other"), &[]);
            let text = words.with("dial-failed", &[("cause", cause.into())]);
            vec![Item::More { text, items: vec![answer("dial-close", no)] }, Item::Line]
        }
        _ => Vec::new(),
    }
}

/// What can be done to a call that is on. Where it is sent is typed in the window.
fn acts(call: &CallView, words: &Words) -> Vec<Item> {
    let line = |act: &String| {
        let code = if act == "mute" && call.muted { "unmute" } else { act };
        let wish = Act::Do { call: call.call.clone(), extension: call.extension.clone(), act: act.clone() };
        let act = if act == "transfer" { Act::Show } else { wish };
        Item::Do { text: words.of_code("act", code, &[]), act }
    };
    call.acts.iter().map(line).collect()
}

/// Entries that wait for a person, in the window.
fn not_written(view: &AppView, words: &Words) -> Option<String> {
    let count = view.outbox.wedged;
    (count > 0).then(|| words.with("tray-not-written", &[("count", count.into())]))
}

/// What only the settings can mend leads there.
fn lead(view: &AppView) -> Act {
    let helpless = |state| matches!(state, LinkState::NotSetUp | LinkState::Stopped);
    let in_settings = helpless(view.pbx.state) || helpless(view.desk.state) || !is_well(view);
    if view.calls.is_empty() && in_settings { Act::Settings } else { Act::Show }
}

/// Nothing to look at in the settings.
fn is_well(view: &AppView) -> bool {
    view.problems.is_empty() && view.findings.is_empty()
}

fn is_working(view: &AppView) -> bool {
    view.pbx.state == LinkState::Up
}

/// The one thing to know: what does not work, else the call, else that all is well.
fn headline(view: &AppView, words: &Words) -> String {
    if !is_working(view) {
        return phrases::link("link-pbx", &view.pbx, words);
    }
    match (view.calls.as_slice(), view.desk.state) {
        ([call], _) => phrases::state_of_call(call, words),
        ([], LinkState::NotSetUp | LinkState::Stopped | LinkState::Down) => {
            phrases::link("link-desk", &view.desk, words)
        }
        ([], LinkState::Disabled | LinkState::Connecting | LinkState::Up) => {
            if view.missed > 0 {
                return words.with("tray-missed", &[("count", view.missed.into())]);
            }
            if !view.problems.is_empty() {
                return words.with("panel-problems", &[("count", view.problems.len().into())]);
            }
            if !view.findings.is_empty() {
                return words.text("tray-check-failed");
            }
            if let Some(text) = not_written(view, words) {
                return text;
            }
            let extensions = view.extensions.join(", ");
            let count = view.extensions.len().into();
            words.with("tray-ready", &[("count", count), ("extensions", extensions.into())])
        }
        (calls, _) => words.with("tray-calls", &[("count", calls.len().into())]),
    }
}

fn open(call: &CallView, text: String, words: &Words) -> Item {
    if call.who.state == "several" {
        return choose(call, words);
    }
    match phrases::button_off(call, words) {
        None => Item::Do { text, act: Act::Open { call: call.call.clone() } },
        Some(reason) => off(text, reason, words),
    }
}

/// Several have the number: the agent says whose call it is.
fn choose(call: &CallView, words: &Words) -> Item {
    let item = |record: &RecordView| {
        let act = Act::Choose { call: call.call.clone(), kind: record.kind.clone(), id: record.id.clone() };
        Item::Do { text: phrases::record(record, words), act }
    };
    let mut items: Vec<Item> = call.who.records.iter().take(MATCHES).map(item).collect();
    if call.who.records.len() > MATCHES {
        items.push(Item::Do { text: words.text("tray-show"), act: Act::Show });
    }
    let count = call.who.records.len();
    // Where others may not see who it is, there is nothing to tell them apart by.
    if call.who.records.iter().all(|record| record.name.is_empty() && record.company.is_none()) {
        return Item::Do { text: words.with("tray-choose", &[("count", count.into())]), act: Act::Show };
    }
    Item::More { text: words.with("tray-choose", &[("count", count.into())]), items }
}

/// What can be done for a call beside opening its contact.
fn further(call: &CallView, words: &Words) -> Vec<Item> {
    let mut items = acts(call, words);
    let tickets = call.context.as_ref().and_then(|context| context.tickets.as_ref());
    if let Some(tickets) = tickets.filter(|tickets| tickets.open > 0) {
        let subject = tickets.newest.as_deref().map(|subject| clean(subject, NAME)).unwrap_or_default();
        let values = [("count", tickets.open.into()), ("subject", subject.into())];
        items.push(Item::Do {
            text: words.with("tray-tickets", &values),
            act: Act::Ticket { call: call.call.clone() },
        });
    }
    items.extend(create(call, words));
    items
}

fn create(call: &CallView, words: &Words) -> Option<Item> {
    let act = Act::Create { call: call.call.clone(), extension: call.extension.clone() };
    call.can_create.then(|| Item::Do { text: words.text("tray-create"), act })
}

/// A call about which the agent is asked something, in the window.
fn wrap_up(view: &AppView, words: &Words) -> Option<Item> {
    let asked = |call: &&CallView| call.wrap_up.as_ref().is_some_and(|wrap_up| wrap_up.asked);
    let call = view.recent.iter().find(asked)?;
    let text = words.with("tray-wrap-up", &[("caller", phrases::caller(call, words).into())]);
    Some(Item::Do { text, act: Act::Show })
}

fn drafts(view: &AppView, words: &Words) -> Vec<Item> {
    let line = |draft: &DraftView| {
        let name = clean(&draft.name, NAME);
        let who = if name.is_empty() { clean(&draft.number_text, NUMBER) } else { name };
        let text = words.with("tray-continue", &[("who", who.into())]);
        Item::Do { text, act: Act::Continue { key: draft.key.clone() } }
    };
    view.drafts.iter().take(DRAFTS).map(line).collect()
}

fn open_of(call: &CallView, words: &Words) -> String {
    words.with("tray-open-of", &[("caller", phrases::caller(call, words).into())])
}

/// The button still works for the last call when it is over.
fn open_last(view: &AppView, words: &Words) -> Item {
    match view.recent.first() {
        Some(call) => open(call, open_of(call, words), words),
        None => off(words.text("tray-open-current"), words.text("off-no-call"), words),
    }
}

fn off(text: String, reason: String, words: &Words) -> Item {
    Item::Off { text: words.with("tray-off", &[("text", text.into()), ("reason", reason.into())]) }
}

fn recent(view: &AppView, words: &Words, time: &dyn Fn(i64) -> String) -> Item {
    let line = |call: &CallView| {
        let caller = phrases::caller_and_number(call, words);
        let values = [("time", time(call.began_ms).into()), ("caller", caller.into())];
        Item::More { text: words.with("tray-recent-call", &values), items: of_past(call, words) }
    };
    let items: Vec<Item> = view.recent.iter().take(RECENT).map(line).collect();
    if items.is_empty() {
        return Item::Off { text: words.text("tray-recent-none") };
    }
    Item::More { text: words.text("tray-recent"), items }
}

/// The last numbers, each once.
fn call_again(view: &AppView, words: &Words) -> Option<Item> {
    let mut numbers = BTreeSet::new();
    // Of a masked number nobody can tell whether it is the same.
    let is_masked = view.caller_shown != "name";
    let mut is_new = |call: &CallView| is_masked || numbers.insert(call.number_text.clone());
    let calls = view.recent.iter().filter(|call| can_call_back(call) && is_new(call));
    let line =
        |call: &CallView| Item::Do { text: phrases::caller_and_number(call, words), act: call_back(call) };
    let items: Vec<Item> = calls.take(AGAIN).map(line).collect();
    (!items.is_empty()).then(|| Item::More { text: words.text("tray-call-again"), items })
}

fn can_call_back(call: &CallView) -> bool {
    !call.number.is_empty() && call.who.state != "withheld"
}

fn call_back(call: &CallView) -> Act {
    Act::CallBack { call: call.call.clone(), extension: call.extension.clone() }
}

/// What can be done for a call that is over.
fn of_past(call: &CallView, words: &Words) -> Vec<Item> {
    let mut items = vec![open(call, words.text("tray-open-current"), words)];
    if call.record().is_some() {
        items
            .push(Item::Do { text: words.text("tray-ticket"), act: Act::Ticket { call: call.call.clone() } });
    }
    items.extend(create(call, words));
    if can_call_back(call) {
        items.push(Item::Do { text: words.text("tray-call-back"), act: call_back(call) });
    }
    items
}

fn pause(view: &AppView, words: &Words, time: &dyn Fn(i64) -> String) -> Item {
    let popup = &view.popup;
    if let Some(pause) = &popup.pause {
        let text = words.text("popup-resume");
        let reason = match pause.until_ms {
            Some(end_ms) => words.with("popup-paused-until", &[("time", time(end_ms).into())]),
            None => words.text("popup-paused"),
        };
        let text = words.with("tray-off", &[("text", text.into()), ("reason", reason.into())]);
        return Item::Do { text, act: Act::Resume };
    }
    match popup.mode.as_str() {
        "manual" => return Item::Off { text: words.text("popup-manual") },
        "off" => return Item::Off { text: words.text("popup-off") },
        _ => {}
    }
    let minutes = words.with("popup-pause-minutes", &[("minutes", 15.into())]);
    let hours = words.with("popup-pause-hours", &[("hours", 1.into())]);
    let items = vec![
        Item::Do { text: minutes, act: Act::Pause { minutes: Some(15) } },
        Item::Do { text: hours, act: Act::Pause { minutes: Some(60) } },
        Item::Do { text: words.text("popup-pause-open-ended"), act: Act::Pause { minutes: None } },
    ];
    Item::More { text: words.text("popup-pause"), items }
}

/// `14:05`, or with the day when that is not today.
pub(crate) fn time_of_day(ms: i64) -> String {
    let zone = jiff::tz::TimeZone::system();
    let Ok(at) = jiff::Timestamp::from_millisecond(ms) else { return String::new() };
    let at = at.to_zoned(zone.clone());
    let is_today = at.date() == jiff::Timestamp::now().to_zoned(zone).date();
    at.strftime(if is_today { "%H:%M" } else { "%m-%d %H:%M" }).to_string()
}

// From here on, Tauri.

/// The tray as it is drawn. Used on the main thread only.
pub(crate) struct Drawn {
    tray: TrayIcon,
    menu: Menu<Wry>,
    nodes: Vec<Node>,
    face: Face,
}

/// A line as Tauri has it, with what it was made from.
struct Node {
    item: Item,
    drawn: Handle,
    below: Vec<Node>,
}

enum Handle {
    Line(PredefinedMenuItem<Wry>),
    Text(MenuItem<Wry>),
    More(Submenu<Wry>),
}

/// Puts the tray where it belongs. `pictures` is a folder of ours for the files the panel reads.
pub(crate) fn build(app: &AppHandle, face: &Face, pictures: &Path) -> tauri::Result<Drawn> {
    let menu = Menu::new(app)?;
    let mut nodes = Vec::new();
    change(app, &Parent::Menu(&menu), &mut nodes, &face.items)?;
    let tray = TrayIconBuilder::with_id(ID)
        .temp_dir_path(pictures)
        .icon(picture(face.icon))
        .tooltip(&face.tooltip)
        .menu(&menu)
        .build(app)?;
    Ok(Drawn { tray, menu, nodes, face: face.clone() })
}

impl Drawn {
    /// Makes the tray show `face`, with as few changes as possible.
    ///
    /// QUIRK(xfce4-panel 4.18): a tray that is given a new menu instead of a changed one crashes its panel
    /// now and then, and an open menu would close under the pointer.
    pub(crate) fn show(&mut self, app: &AppHandle, face: &Face) -> tauri::Result<()> {
        if self.face.icon != face.icon {
            self.tray.set_icon(Some(picture(face.icon)))?;
        }
        if self.face.tooltip != face.tooltip {
            self.tray.set_tooltip(Some(&face.tooltip))?;
        }
        change(app, &Parent::Menu(&self.menu), &mut self.nodes, &face.items)?;
        self.face = face.clone();
        Ok(())
    }
}

fn picture(icon: Icon) -> Image<'static> {
    match icon {
        Icon::Idle => tauri::include_image!("icons/tray-idle-44.png"),
        Icon::Ringing => tauri::include_image!("icons/tray-ringing-44.png"),
        Icon::Talking => tauri::include_image!("icons/tray-talking-44.png"),
        Icon::Offline => tauri::include_image!("icons/tray-offline-44.png"),
        Icon::Attention => tauri::include_image!("icons/tray-attention-44.png"),
    }
}

/// What has lines: the menu or one of its submenus.
enum Parent<'a> {
    Menu(&'a Menu<Wry>),
    More(&'a Submenu<Wry>),
}

impl Parent<'_> {
    fn insert(&self, node: &Node, at: usize) -> tauri::Result<()> {
        match self {
            Self::Menu(menu) => menu.insert(node.drawn.item(), at),
            Self::More(menu) => menu.insert(node.drawn.item(), at),
        }
    }

    /// By place, because several lines may do the same and then have one id.
    fn remove(&self, at: usize) -> tauri::Result<()> {
        match self {
            Self::Menu(menu) => menu.remove_at(at)?,
            Self::More(menu) => menu.remove_at(at)?,
        };
        Ok(())
    }
}

impl Handle {
    fn item(&self) -> &dyn IsMenuItem<Wry> {
        match self {
            Self::Line(item) => item,
            Self::Text(item) => item,
            Self::More(item) => item,
        }
    }
}

/// Whether one line may become the other by a new text. Not when that would change what a press does: the
/// press may be on its way. QUIRK(libappindicator): a submenu keeps the text it was made with.
fn can_become(before: &Item, after: &Item) -> bool {
    match (before, after) {
        (Item::Line, Item::Line) | (Item::Off { .. }, Item::Off { .. }) => true,
        (Item::More { text: before, .. }, Item::More { text: after, .. }) => before == after,
        (Item::Do { act: before, .. }, Item::Do { act: after, .. }) => before == after,
        (Item::Line | Item::Off { .. } | Item::More { .. } | Item::Do { .. }, _) => false,
    }
}

/// Turns the lines of `parent` into `items`.
fn change(app: &AppHandle, parent: &Parent<'_>, nodes: &mut Vec<Node>, items: &[Item]) -> tauri::Result<()> {
    for (at, item) in items.iter().enumerate() {
        let later = nodes.iter().skip(at).position(|node| can_become(&node.item, item));
        for _ in 0..later.unwrap_or(0) {
            parent.remove(at)?;
            nodes.remove(at);
        }
        match nodes.get_mut(at).filter(|_| later.is_some()) {
            Some(node) => node.become_item(app, item)?,
            None => {
                let node = Node::new(app, item)?;
                parent.insert(&node, at)?;
                nodes.insert(at, node);
            }
        }
    }
    while nodes.len() > items.len() {
        parent.remove(items.len())?;
        nodes.remove(items.len());
    }
    Ok(())
}

impl Node {
    fn new(app: &AppHandle, item: &Item) -> tauri::Result<Self> {
        let mut below = Vec::new();
        let drawn = match item {
            Item::Line => Handle::Line(PredefinedMenuItem::separator(app)?),
            Item::Do { text, act } => {
                Handle::Text(MenuItem::with_id(app, act.id(), literal(text), true, None::<&str>)?)
            }
            Item::Off { text } => Handle::Text(MenuItem::new(app, literal(text), false, None::<&str>)?),
            Item::More { text, items } => {
                let more = Submenu::new(app, literal(text), true)?;
                change(app, &Parent::More(&more), &mut below, items)?;
                Handle::More(more)
            }
        };
        Ok(Self { item: item.clone(), drawn, below })
    }

    fn become_item(&mut self, app: &AppHandle, item: &Item) -> tauri::Result<()> {
        if self.item == *item {
            return Ok(());
        }
        match (&self.drawn, item) {
            (Handle::Text(drawn), Item::Do { text, .. } | Item::Off { text }) => {
                drawn.set_text(literal(text))?
            }
            (Handle::More(drawn), Item::More { items, .. }) => {
                change(app, &Parent::More(drawn), &mut self.below, items)?;
            }
            (Handle::Line(_) | Handle::Text(_) | Handle::More(_), _) => {}
        }
        self.item = item.clone();
        Ok(())
    }
}

/// A single `&` would underline the next letter of a name.
fn literal(text: &str) -> String {
    text.replace('&', "&&")
}

#[cfg(test)]
mod tests;
