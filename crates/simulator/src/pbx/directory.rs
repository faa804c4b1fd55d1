//! Owns who is on the PBX: extensions, queues, ring groups, menus and the trunk, and their lists.

use serde_json::{Value, json};

/// One extension.
#[derive(Clone, Debug)]
pub(crate) struct Extension {
    pub(crate) id: i64,
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) mobile: String,
    pub(crate) presence: String,
    pub(crate) registered: bool,
    /// May dial out.
    pub(crate) outbound: bool,
}

/// A queue or ring group.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) id: i64,
    pub(crate) number: String,
    pub(crate) name: String,
    pub(crate) members: Vec<String>,
}

pub(crate) struct Directory {
    pub(crate) extensions: Vec<Extension>,
    pub(crate) queues: Vec<Group>,
    pub(crate) ring_groups: Vec<Group>,
    pub(crate) ivrs: Vec<Group>,
    pub(crate) trunk: String,
    pub(crate) did: String,
    pub(crate) serial: String,
}

/// What a dialled number is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Extension(String),
    Queue(String, Vec<String>),
    RingGroup(String, Vec<String>),
    Ivr(String),
    Outside(String),
}

impl Directory {
    pub(crate) fn demo() -> Directory {
        let extension = |id, number: &str, name: &str, email: &str, outbound| Extension {
            id,
            number: number.to_owned(),
            name: name.to_owned(),
            email: email.to_owned(),
            mobile: String::new(),
            presence: "available".to_owned(),
            registered: true,
            outbound,
        };
        let group = |id, number: &str, name: &str, members: &[&str]| Group {
            id,
            number: number.to_owned(),
            name: name.to_owned(),
            members: members.iter().map(|member| (*member).to_owned()).collect(),
        };
        Directory {
            extensions: vec![
                extension(25, "1001", "Ana Agent", "agent@example.com", true),
                extension(26, "1002", "Bo Lin", "bo.lin@example.com", true),
                extension(27, "1003", "陈静", "chen.jing@example.com", true),
                extension(28, "1004", "Dara Quinn", "", true),
                // Has no outbound permission, for the refused dial.
                extension(29, "1005", "Front Door", "", false),
            ],
            queues: vec![group(1, "6400", "Support", &["1001", "1002", "1003"])],
            ring_groups: vec![group(1, "6300", "Sales", &["1001", "1002"])],
            ivrs: vec![group(1, "6500", "Welcome", &[])],
            trunk: "SIP-Trunk".to_owned(),
            did: "5503300".to_owned(),
            serial: "3633D2199067".to_owned(),
        }
    }

    pub(crate) fn extension(&self, number: &str) -> Option<&Extension> {
        self.extensions.iter().find(|extension| extension.number == number)
    }

    pub(crate) fn may_dial_out(&self, number: &str) -> bool {
        self.extension(number).is_some_and(|extension| extension.outbound)
    }

    pub(crate) fn target(&self, number: &str) -> Target {
        let find = |groups: &[Group]| groups.iter().find(|group| group.number == number).cloned();
        if let Some(queue) = find(&self.queues) {
            return Target::Queue(queue.number, queue.members);
        }
        if let Some(group) = find(&self.ring_groups) {
            return Target::RingGroup(group.number, group.members);
        }
        if let Some(ivr) = find(&self.ivrs) {
            return Target::Ivr(ivr.number);
        }
        // Numbers that look like extensions ring as such, so that a storm of 9xxx needs no directory.
        if self.extension(number).is_some() || (number.len() == 4 && !number.starts_with('0')) {
            return Target::Extension(number.to_owned());
        }
        Target::Outside(number.to_owned())
    }

    /// The name shown in call records.
    pub(crate) fn name(&self, number: &str) -> String {
        let groups = [(&self.queues, "Queue"), (&self.ring_groups, "Ring Group"), (&self.ivrs, "IVR")];
        for (list, kind) in groups {
            if let Some(group) = list.iter().find(|group| group.number == number) {
                return format!("{kind} {}", group.name);
            }
        }
        self.extension(number).map(|extension| extension.name.clone()).unwrap_or_default()
    }

    fn agents(&self, members: &[String]) -> Vec<Value> {
        members
            .iter()
            .filter_map(|number| self.extension(number))
            .map(|e| json!({ "text": e.name, "text2": e.number, "value": e.id.to_string(), "type": "extension" }))
            .collect()
    }

    pub(crate) fn queue_rows(&self) -> Vec<Value> {
        let row = |queue: &Group| {
            json!({
                "id": queue.id, "number": queue.number, "name": queue.name, "ring_strategy": "ring_all",
                "static_agent_list": self.agents(&queue.members), "dynamic_agent_list": [],
            })
        };
        self.queues.iter().map(row).collect()
    }

    pub(crate) fn ring_group_rows(&self) -> Vec<Value> {
        let row = |group: &Group| {
            json!({
                "id": group.id, "number": group.number, "name": group.name, "ring_strategy": "ring_all",
                "member_list": self.agents(&group.members),
            })
        };
        self.ring_groups.iter().map(row).collect()
    }

    pub(crate) fn ivr_rows(&self) -> Vec<Value> {
        let row = |ivr: &Group| json!({ "id": ivr.id, "number": ivr.number, "name": ivr.name });
        self.ivrs.iter().map(row).collect()
    }

    pub(crate) fn extension_rows(&self) -> Vec<Value> {
        self.extensions.iter().map(extension_row).collect()
    }
}

fn extension_row(extension: &Extension) -> Value {
    let online = i32::from(extension.registered);
    let mut row = json!({
        "id": extension.id, "number": extension.number, "caller_id_name": extension.name,
        "mobile_number": extension.mobile, "role_name": "Employee", "timezone": "",
        "presence_status": extension.presence, "custom_presence_status": "",
        "online_status": {
            "sip_phone": { "status": online, "ext_dev_type": "SIP",
                "status_list": [{ "status": online, "ip": "192.0.2.9" }] },
            "fxs_phone": { "status": 0 },
            "linkus_desktop": { "status": 0, "status_list": [] },
            "linkus_mobile": { "status": 0, "status_list": [] },
            "linkus_web": { "status": 0, "status_list": [] },
        },
    });
    // QUIRK(yeastar): `email_addr` is absent when empty.
    if !extension.email.is_empty()
        && let Some(row) = row.as_object_mut()
    {
        row.insert("email_addr".to_owned(), json!(extension.email));
    }
    row
}
