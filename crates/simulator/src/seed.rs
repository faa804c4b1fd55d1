//! Owns the demo data: invented people whose names and numbers are awkward on purpose.

use serde_json::json;

use crate::desk::Desk;

/// Fills Desk with about a dozen contacts, three accounts and some tickets, all searchable.
pub(crate) fn fill(desk: &Desk) {
    let acme = desk.add_account(json!({
        "accountName": "Acme Fittings Ltd", "phone": "+12125550100", "website": "https://www.example.com",
    }));
    let harbor = desk.add_account(json!({ "accountName": "鹭岛海运有限公司", "phone": "+865925503300" }));
    // Its switchboard belongs to nobody's contact.
    desk.add_account(json!({ "accountName": "Northwind Switchboard GmbH", "phone": "+12125550199" }));

    let grace = desk.add_contact(json!({
        "firstName": "Grace", "lastName": "Hollis", "email": "grace.hollis@example.com", "phone": "+12125550147",
        "accountId": acme, "title": "Buyer",
    }));
    let wang = desk.add_contact(json!({
        "firstName": "小明", "lastName": "王", "email": "wang.xiaoming@example.com", "mobile": "13800138000",
        "phone": "+865925503301", "accountId": harbor,
    }));
    for (first, last, key, number) in [
        // Stored as people type numbers: only a wildcard or a local index finds these.
        ("Samir", "Blanks", "phone", "+1 212-555-0101"),
        ("Petra", "Brackets", "phone", "(212) 555-0102"),
        ("Lena", "Local", "phone", "0592-5503302"),
        ("静", "陈", "mobile", "+8613800138001"),
        ("Otto", "Double-Zero", "phone", "0012125550103"),
        // Two people behind one number.
        ("Mia", "Twin", "phone", "+12125550104"),
        ("Noah", "Twin", "mobile", "+12125550104"),
        (
            "Bartholomew Maximilian",
            "Featherstonehaugh-Cholmondeley-Wolfeschlegelsteinhausen",
            "phone",
            "+12125550105",
        ),
        // Markup and a right-to-left mark: text a page must show and never run.
        ("<b>Eve</b> & \"Co\"", "\u{200f}<script>alert(1)</script>", "phone", "+12125550106"),
    ] {
        desk.add_contact(json!({ "firstName": first, "lastName": last, key: number, "accountId": acme }));
    }
    desk.add_contact(json!({ "lastName": "No Number", "email": "no.number@example.com" }));

    for (contact, subject, status, priority) in [
        (&grace, "Invoice 4711 shows the wrong address", "Open", "High"),
        (&grace, "Valve DN50 delivered damaged", "On Hold", "Medium"),
        (&grace, "How to reset the portal password", "Closed", "Low"),
        (&wang, "集装箱到港时间查询", "Open", "Medium"),
        (&wang, "发票抬头需要更改", "Closed", "Low"),
    ] {
        desk.add_ticket(json!({
            "contactId": contact, "subject": subject, "status": status, "priority": priority, "channel": "Phone",
        }));
    }
}
