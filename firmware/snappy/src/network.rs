//! `snappy network`: the wired ports, what they got, and where the time comes from.

use crate::arguments::Form;
use crate::sentence::plain;
use crate::table::render;
use anyhow::{Context, Result};
use network::report::{ClockReport, LeaseReport, NetworkReport, PortReport, PortState};
use serde_json::json;

/// What `snappy network` prints.
pub(crate) fn run(form: Form) -> Result<String> {
    let cannot = |path| format!("cannot use {path}; reboot to renew it");
    let network = NetworkReport::read().with_context(|| cannot(NetworkReport::PATH))?;
    let clock = ClockReport::read().with_context(|| cannot(ClockReport::PATH))?;
    Ok(output(&network, clock.as_ref(), uptime_secs(), form))
}

/// Since the device started, sleep included.
fn uptime_secs() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    u64::try_from(time.tv_sec).unwrap_or(0)
}

fn output(
    network: &NetworkReport,
    clock: Option<&ClockReport>,
    uptime_secs: u64,
    form: Form,
) -> String {
    match form {
        Form::Json => format!(
            "{}\n",
            json!({ "ports": network.ports, "clock": clock, "uptime_secs": uptime_secs })
        ),
        Form::Text => ports(network, uptime_secs) + &clock_line(clock, uptime_secs),
    }
}

fn ports(network: &NetworkReport, uptime_secs: u64) -> String {
    if network.ports.is_empty() {
        return "This device has no wired port.\n".to_owned();
    }
    let head = [
        "Port",
        "State",
        "Address",
        "Router",
        "Name servers",
        "Lease",
    ];
    let row = |port: &PortReport| {
        let state = match port.state {
            PortState::Unplugged => "unplugged",
            PortState::Asking => "asking",
            PortState::Configured => "configured",
        };
        let lease = |cell: &dyn Fn(&LeaseReport) -> Option<String>| {
            let cell = port.lease.as_ref().and_then(cell);
            cell.filter(|text| !text.is_empty())
                .unwrap_or_else(|| "-".to_owned())
        };
        [
            plain(&port.name),
            state.to_owned(),
            lease(&|lease| Some(format!("{}/{}", lease.address, lease.prefix_length))),
            lease(&|lease| lease.router.map(|router| router.to_string())),
            lease(&|lease| {
                let servers: Vec<_> = lease.name_servers.iter().map(ToString::to_string).collect();
                Some(servers.join(" "))
            }),
            lease(&|lease| {
                Some(match lease.until_uptime_secs {
                    None => "for ever".to_owned(),
                    Some(until) => duration(until.saturating_sub(uptime_secs)),
                })
            }),
        ]
    };
    let rows: Vec<_> = std::iter::once(head.map(String::from))
        .chain(network.ports.iter().map(row))
        .collect();
    render(&rows)
}

fn clock_line(clock: Option<&ClockReport>, uptime_secs: u64) -> String {
    match clock {
        None => "No time server has set the clock.\n".to_owned(),
        Some(clock) => format!(
            "The time server {} set the clock {} ago: it was {} ms {}.\n",
            plain(&clock.server),
            duration(uptime_secs.saturating_sub(clock.uptime_secs)),
            clock.late_millis.unsigned_abs(),
            if clock.late_millis < 0 {
                "early"
            } else {
                "late"
            },
        ),
    }
}

/// In the two largest units that say something.
fn duration(secs: u64) -> String {
    match (secs / 86400, secs / 3600 % 24, secs / 60 % 60, secs % 60) {
        (0, 0, 0, secs) => format!("{secs} s"),
        (0, 0, minutes, secs) => format!("{minutes} min {secs} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, hours, ..) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn network() -> NetworkReport {
        let configured = PortReport {
            name: "eth0".to_owned(),
            hardware: "52:54:00:12:34:56".to_owned(),
            state: PortState::Configured,
            lease: Some(LeaseReport {
                address: Ipv4Addr::new(10, 0, 2, 15),
                prefix_length: 24,
                router: Some(Ipv4Addr::new(10, 0, 2, 2)),
                name_servers: vec![Ipv4Addr::new(10, 0, 2, 3)],
                domain: None,
                server: Some(Ipv4Addr::new(10, 0, 2, 2)),
                until_uptime_secs: Some(86_420),
            }),
        };
        let unplugged = PortReport {
            name: "eth1".to_owned(),
            hardware: "52:54:00:12:34:57".to_owned(),
            state: PortState::Unplugged,
            lease: None,
        };
        NetworkReport {
            ports: vec![configured, unplugged],
        }
    }

    #[test]
    fn ports_are_listed_in_columns_and_the_clock_below() {
        let clock = ClockReport {
            server: "10.0.2.4".to_owned(),
            late_millis: -12,
            uptime_secs: 25,
        };
        assert_eq!(
            output(&network(), Some(&clock), 120, Form::Text),
            "Port  State       Address       Router    Name servers  Lease\n\
             eth0  configured  10.0.2.15/24  10.0.2.2  10.0.2.3      23 h 58 min\n\
             eth1  unplugged   -             -         -             -\n\
             The time server 10.0.2.4 set the clock 1 min 35 s ago: it was 12 ms early.\n"
        );
        assert_eq!(
            output(&NetworkReport::default(), None, 120, Form::Text),
            "This device has no wired port.\nNo time server has set the clock.\n"
        );
    }

    #[test]
    fn json_has_the_same_facts() {
        let json = output(&network(), None, 120, Form::Json);
        for part in [
            r#""clock":null"#,
            r#""uptime_secs":120"#,
            r#""address":"10.0.2.15""#,
            r#""state":"unplugged""#,
            r#""until_uptime_secs":86420"#,
        ] {
            assert!(json.contains(part), "{part} in {json}");
        }
    }

    #[test]
    fn durations_have_two_units() {
        let table = [
            (0, "0 s"),
            (61, "1 min 1 s"),
            (7384, "2 h 3 min"),
            (90_000, "1 d 1 h"),
        ];
        for (secs, text) in table {
            assert_eq!(duration(secs), text);
        }
    }
}
