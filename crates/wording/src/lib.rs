//! The words people read, in English and Chinese.
//!
//! Owns: the catalogs of `ui/i18n` and which language this person gets. Must not know what a code means or
//! where a text is shown: callers name a key and its values.
//!
//! The words of each language stand in [parts](Part), so that the tray and the small window load no more than
//! they say.

use std::borrow::Cow;
use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

pub use fluent_bundle::FluentValue as Value;

/// A language with a catalog.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// English.
    English,
    /// Simplified Chinese.
    Chinese,
}

/// A part of a language's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// Calls, links, causes, the tray and notifications.
    Shared,
    /// The small window, beside the shared ones.
    Panel,
    /// The settings window.
    Settings,
    /// What the doctor finds.
    Doctor,
    /// The matching lab.
    Lab,
}

impl Part {
    /// Every part there is.
    pub const ALL: [Part; 5] = [Part::Shared, Part::Panel, Part::Settings, Part::Doctor, Part::Lab];
}

impl Language {
    /// Every language there is.
    pub const ALL: [Language; 2] = [Language::English, Language::Chinese];

    /// Chinese for any Chinese locale such as `zh_CN.UTF-8` or `zh-Hant-TW`, otherwise English.
    pub fn of_locale(locale: &str) -> Self {
        let language = locale.split(['-', '_', '.', '@']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("zh") { Self::Chinese } else { Self::English }
    }

    /// The first language of the system's list that has a catalog of its own.
    pub fn of_system() -> Self {
        sys_locale::get_locale().map_or(Self::English, |locale| Self::of_locale(&locale))
    }

    /// The language of a setting: `en` or `zh-CN`, and the system's for `system` and anything else.
    pub fn of_choice(choice: &str) -> Self {
        Self::ALL.into_iter().find(|language| language.tag() == choice).unwrap_or_else(Self::of_system)
    }

    /// Its tag, such as `zh-CN`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    /// A part of its words, in Fluent's syntax.
    pub fn catalog(self, part: Part) -> &'static str {
        match (self, part) {
            (Self::English, Part::Shared) => include_str!("../../../ui/i18n/en.ftl"),
            (Self::English, Part::Panel) => include_str!("../../../ui/i18n/panel.en.ftl"),
            (Self::English, Part::Settings) => include_str!("../../../ui/i18n/settings.en.ftl"),
            (Self::English, Part::Doctor) => include_str!("../../../ui/i18n/doctor.en.ftl"),
            (Self::English, Part::Lab) => include_str!("../../../ui/i18n/lab.en.ftl"),
            (Self::Chinese, Part::Shared) => include_str!("../../../ui/i18n/zh-CN.ftl"),
            (Self::Chinese, Part::Panel) => include_str!("../../../ui/i18n/panel.zh-CN.ftl"),
            (Self::Chinese, Part::Settings) => include_str!("../../../ui/i18n/settings.zh-CN.ftl"),
            (Self::Chinese, Part::Doctor) => include_str!("../../../ui/i18n/doctor.zh-CN.ftl"),
            (Self::Chinese, Part::Lab) => include_str!("../../../ui/i18n/lab.zh-CN.ftl"),
        }
    }
}

/// A catalog ready to be asked. Its texts are for places that take plain text, such as menus, notifications
/// and terminals, so values are put in without invisible isolation marks.
pub struct Words {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Words").field(&self.language).finish()
    }
}

impl Words {
    /// The shared words in this language.
    pub fn of(language: Language) -> Self {
        Self::with_parts(language, &[Part::Shared])
    }

    /// These parts of the words in this language.
    pub fn with_parts(language: Language, parts: &[Part]) -> Self {
        let identifier: LanguageIdentifier = language.tag().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![identifier]);
        bundle.set_use_isolating(false);
        for part in parts {
            // The catalogs are part of the program and a test reads them: what parses is used, whatever happens.
            let catalog = match FluentResource::try_new(language.catalog(*part).to_owned()) {
                Ok(catalog) | Err((catalog, _)) => catalog,
            };
            bundle.add_resource_overriding(catalog);
        }
        Self { language, bundle }
    }

    /// The language of these words.
    pub fn language(&self) -> Language {
        self.language
    }

    /// A text without values. A key without words comes back as it is.
    pub fn text(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// A text with values for its placeholders. A key without words comes back as it is.
    pub fn with(&self, key: &str, values: &[(&str, Value<'_>)]) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let mut args = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            args.set(*name, value.clone());
        }
        // What is missing shows up in the text as its name; a test keeps the catalogs free of it.
        self.bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned()
    }

    /// The words of a code: `of_code("why", "no_match", …)` is the text `why-no-match`. An unknown code, from
    /// a newer engine perhaps, comes back as it is.
    pub fn of_code(&self, family: &str, code: &str, values: &[(&str, Value<'_>)]) -> String {
        let key = key_of(family, code);
        if self.has(&key) { self.with(&key, values) } else { code.to_owned() }
    }

    /// Whether there are words for this key.
    pub fn has(&self, key: &str) -> bool {
        self.bundle.get_message(key).is_some_and(|message| message.value().is_some())
    }
}

/// A page for a browser that says one thing: complete HTML that loads nothing. The texts are put in as text.
pub fn page(words: &Words, title: &str, text: &str) -> String {
    let plain = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let (title, text) = (plain(&words.text(title)), plain(&words.text(text)));
    format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Deskring</title><style>:root{{color-scheme:light dark}}\
         body{{font:16px/1.5 system-ui,sans-serif;margin:18vh auto 0;max-width:30em;padding:0 1.5em;\
         text-align:center}}h1{{font-size:1.4em}}</style><h1>{title}</h1><p>{text}</p></html>",
        words.language().tag()
    )
}

/// The key of a code in its family.
pub fn key_of(family: &str, code: &str) -> String {
    let code: Cow<'_, str> = if code.contains('_') { code.replace('_', "-").into() } else { code.into() };
    format!("{family}-{code}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chinese_locale_gets_chinese_and_every_other_english() {
        for locale in ["zh", "zh-CN", "zh_CN.UTF-8", "ZH-Hant-TW", "zh_HK@x"] {
            assert_eq!(Language::of_locale(locale), Language::Chinese, "{locale}");
        }
        for locale in ["en", "de-DE", "C", "", "zha"] {
            assert_eq!(Language::of_locale(locale), Language::English, "{locale}");
        }
    }

    #[test]
    fn values_go_in_as_they_are() {
        let words = Words::of(Language::English);
        assert_eq!(
            words.with("tray-call", &[("phase", "Ringing".into()), ("caller", "Wang <b>".into())]),
            "Ringing: Wang <b>"
        );
        assert_eq!(words.with("who-several", &[("count", 2.into())]), "2 contacts have this number");
        assert_eq!(words.with("who-several", &[("count", 1.into())]), "1 contact has this number");
    }

    #[test]
    fn a_reason_is_one_plain_sentence() {
        let [english, chinese] = Language::ALL.map(Words::of);
        assert_eq!(english.of_code("why", "internal", &[]), "No tab: internal call");
        assert_eq!(chinese.of_code("why", "internal", &[]), "没有弹屏：内部通话");
    }

    #[test]
    fn what_has_no_words_comes_back_as_it_is() {
        let words = Words::of(Language::English);
        assert_eq!(words.text("no-such-key"), "no-such-key");
        assert_eq!(words.of_code("why", "of_a_newer_engine", &[]), "of_a_newer_engine");
    }
}
