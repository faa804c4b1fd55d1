//! What an administrator's monitoring sees. Owns: names and units of the figures. No person, number or secret is in
//! any of them.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// The figures. Each is cheap to change from anywhere.
pub(crate) struct Metrics {
    registry: Registry,
    /// Agents' sockets that are open.
    pub(crate) agents: Gauge,
    /// 1 while this gateway is the one that serves.
    pub(crate) serves: Gauge,
    /// 1 while the database answers.
    pub(crate) database_up: Gauge,
    /// 1 while the PBX's events arrive.
    pub(crate) pbx_up: Gauge,
    /// Events of the PBX.
    pub(crate) events: Counter,
    /// Frames handed to sockets.
    pub(crate) delivered: Counter,
    /// Sockets ended because they did not keep up.
    pub(crate) too_slow: Counter,
    /// Seconds from an event to the last socket's queue.
    pub(crate) fan_out: Histogram,
    /// Requests of agents, answered with success.
    pub(crate) answered: Counter,
    /// Requests of agents that were refused.
    pub(crate) refused: Counter,
    /// Wrong credentials.
    pub(crate) wrong_secrets: Counter,
    /// 1 while Desk answers the writer.
    pub(crate) desk_up: Gauge,
    /// What is owed to Desk and not there yet.
    pub(crate) outbox_waiting: Gauge,
    /// What Desk has refused, so that a person must do something.
    pub(crate) outbox_wedged: Gauge,
    /// What the writer has written, as far back as it remembers.
    pub(crate) outbox_written: Gauge,
}

impl Default for Metrics {
    fn default() -> Metrics {
        let mut metrics = Metrics {
            registry: Registry::with_prefix("deskring_gateway"),
            agents: Gauge::default(),
            serves: Gauge::default(),
            database_up: Gauge::default(),
            pbx_up: Gauge::default(),
            events: Counter::default(),
            delivered: Counter::default(),
            too_slow: Counter::default(),
            fan_out: Histogram::new(exponential_buckets(0.000_05, 2.0, 14)),
            answered: Counter::default(),
            refused: Counter::default(),
            wrong_secrets: Counter::default(),
            desk_up: Gauge::default(),
            outbox_waiting: Gauge::default(),
            outbox_wedged: Gauge::default(),
            outbox_written: Gauge::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("agents", "Sockets of agents that are open", metrics.agents.clone());
        registry.register("serves", "1 while this gateway is the one that serves", metrics.serves.clone());
        registry.register("database_up", "1 while the database answers", metrics.database_up.clone());
        registry.register("pbx_up", "1 while the events of the PBX arrive", metrics.pbx_up.clone());
        registry.register("pbx_events", "Events of the PBX", metrics.events.clone());
        registry.register("frames", "Frames handed to sockets of agents", metrics.delivered.clone());
        registry.register(
            "slow_sockets",
            "Sockets ended because they did not read",
            metrics.too_slow.clone(),
        );
        registry.register(
            "fan_out_seconds",
            "From an event to the queues of all who may see it",
            metrics.fan_out.clone(),
        );
        registry.register("requests_answered", "Requests of agents answered", metrics.answered.clone());
        registry.register("requests_refused", "Requests of agents refused", metrics.refused.clone());
        registry.register("wrong_secrets", "Wrong credentials", metrics.wrong_secrets.clone());
        for (name, help, gauge) in [
            ("desk_up", "1 while Zoho Desk answers the writer", &metrics.desk_up),
            ("outbox_waiting", "Records owed to Zoho Desk", &metrics.outbox_waiting),
            ("outbox_wedged", "Records that Zoho Desk refused", &metrics.outbox_wedged),
            ("outbox_written", "Records in Zoho Desk, of the last 30 days", &metrics.outbox_written),
        ] {
            registry.register(name, help, gauge.clone());
        }
        metrics
    }
}

impl Metrics {
    /// In the text format that Prometheus reads.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        match prometheus_client::encoding::text::encode(&mut text, &self.registry) {
            Ok(()) => text,
            // Writing to a string does not fail.
            Err(_) => String::new(),
        }
    }
}
