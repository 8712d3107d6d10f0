//! What a server sends: bytes -> types. A stranger wrote the bytes.

use super::lease::Route;
use super::options::Options;
use super::{HardwareAddress, code, layout};
use core::fmt;
use core::net::Ipv4Addr;

/// More than one message of Ethernet has no place for.
const MAX_BYTES: usize = 1500;

/// An offer, a lease or a refusal, of the documented form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What it is.
    pub kind: ReplyKind,
    /// The request that it answers.
    pub transaction: u32,
    /// The client that it is for.
    pub hardware: HardwareAddress,
    /// The client's address; 0.0.0.0 in a refusal.
    pub address: Ipv4Addr,
    /// The server's name for itself.
    pub server: Ipv4Addr,
    /// The length of the network's part of the address.
    pub prefix_length: Option<u8>,
    /// Routers, the best one first.
    pub routers: Vec<Ipv4Addr>,
    /// Routes that stand in place of the routers, if there are any.
    pub routes: Vec<Route>,
    /// Name servers, the best one first.
    pub name_servers: Vec<Ipv4Addr>,
    /// Time servers, the best one first.
    pub time_servers: Vec<Ipv4Addr>,
    /// The network's domain.
    pub domain: Option<String>,
    /// A name for the client.
    pub host_name: Option<String>,
    /// How long the address is the client's; all bits are for ever.
    pub lease_secs: Option<u32>,
    /// When to ask this server again.
    pub renewal_secs: Option<u32>,
    /// When to ask every server.
    pub rebinding_secs: Option<u32>,
}

/// What a server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    /// The client may ask for this address.
    Offer,
    /// The client has it.
    Acknowledge,
    /// The client must not have what it asked for.
    Refuse,
}

/// Why bytes are no reply. All of it is the server's fault or a stranger's: wait for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It ends before its options.
    TooShort,
    /// It does not fit into a packet.
    TooLong,
    /// It is a client's message.
    NotAReply,
    /// It is not about Ethernet.
    NotEthernet,
    /// It is a message of BOOTP, or of something else.
    NotDhcp,
    /// The option goes beyond the end.
    CutOption(u8),
    /// The option's value is not of its form.
    Option(u8),
    /// An option that every reply has is missing.
    Missing(u8),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => f.write_str("it ends before its options"),
            Self::TooLong => f.write_str("it is too long"),
            Self::NotAReply => f.write_str("it is a request"),
            Self::NotEthernet => f.write_str("it is not about Ethernet"),
            Self::NotDhcp => f.write_str("it has no options of DHCP"),
            Self::CutOption(code) => write!(f, "option {code} is cut off"),
            Self::Option(code) => write!(f, "option {code} has a wrong value"),
            Self::Missing(code) => write!(f, "it has no option {code}"),
        }
    }
}

impl core::error::Error for Malformed {}

impl Reply {
    /// Parses the payload of a packet.
    ///
    /// # Errors
    /// See [`Malformed`].
    pub fn parse(message: &[u8]) -> Result<Self, Malformed> {
        if message.len() > MAX_BYTES {
            return Err(Malformed::TooLong);
        }
        let head: &[u8; layout::HEAD_BYTES] = message.first_chunk().ok_or(Malformed::TooShort)?;
        if head[layout::OPERATION] != layout::BOOT_REPLY {
            return Err(Malformed::NotAReply);
        }
        let hardware = (head[layout::HARDWARE_KIND], head[layout::HARDWARE_LENGTH]);
        if hardware != (layout::ETHERNET, layout::ETHERNET_ADDRESS_BYTES) {
            return Err(Malformed::NotEthernet);
        }
        if head[layout::COOKIE] != layout::COOKIE_BYTES {
            return Err(Malformed::NotDhcp);
        }
        let field = |range: core::ops::Range<usize>| {
            let mut bytes = [0; 4];
            bytes.copy_from_slice(&head[range]);
            u32::from_be_bytes(bytes)
        };
        let mut hardware = [0; 6];
        hardware.copy_from_slice(&head[layout::HARDWARE_ADDRESS]);
        let options = Options::collect(message)?;
        let kind = match options.byte(code::MESSAGE_KIND)? {
            Some(2) => ReplyKind::Offer,
            Some(5) => ReplyKind::Acknowledge,
            Some(6) => ReplyKind::Refuse,
            Some(_) => return Err(Malformed::Option(code::MESSAGE_KIND)),
            None => return Err(Malformed::Missing(code::MESSAGE_KIND)),
        };
        Ok(Self {
            kind,
            transaction: field(layout::TRANSACTION),
            hardware: HardwareAddress(hardware),
            address: Ipv4Addr::from(field(layout::YOUR_ADDRESS)),
            server: options
                .address(code::SERVER)?
                .ok_or(Malformed::Missing(code::SERVER))?,
            prefix_length: prefix_length(&options)?,
            routers: options.addresses(code::ROUTERS)?,
            routes: routes(&options)?,
            name_servers: options.addresses(code::NAME_SERVERS)?,
            time_servers: options.addresses(code::TIME_SERVERS)?,
            domain: options.bytes(code::DOMAIN).and_then(name),
            host_name: options.bytes(code::HOST_NAME).and_then(name),
            lease_secs: options.number(code::LEASE_SECS)?,
            renewal_secs: options.number(code::RENEWAL_SECS)?,
            rebinding_secs: options.number(code::REBINDING_SECS)?,
        })
    }
}

/// A mask is some ones, then zeros.
fn prefix_length(options: &Options) -> Result<Option<u8>, Malformed> {
    let Some(mask) = options.number(code::SUBNET_MASK)? else {
        return Ok(None);
    };
    let ones = mask.leading_ones();
    if ones == 0 || ones + mask.trailing_zeros() != u32::BITS {
        return Err(Malformed::Option(code::SUBNET_MASK));
    }
    Ok(u8::try_from(ones).ok())
}

/// RFC 3442: the length of a prefix, as many of its bytes as count, and a router.
fn routes(options: &Options) -> Result<Vec<Route>, Malformed> {
    let mut routes = Vec::new();
    let Some(mut bytes) = options.bytes(code::ROUTES) else {
        return Ok(routes);
    };
    let wrong = Malformed::Option(code::ROUTES);
    if bytes.is_empty() {
        return Err(wrong);
    }
    while let Some((&prefix_length, rest)) = bytes.split_first() {
        if prefix_length > 32 {
            return Err(wrong);
        }
        let count = usize::from(prefix_length.div_ceil(8));
        let (significant, rest) = rest.split_at_checked(count).ok_or(wrong)?;
        let (router, rest) = rest.split_first_chunk::<4>().ok_or(wrong)?;
        let mut destination = [0; 4];
        destination[..count].copy_from_slice(significant);
        routes.push(Route::new(
            Ipv4Addr::from(destination),
            prefix_length,
            Ipv4Addr::from(*router),
        ));
        bytes = rest;
    }
    Ok(routes)
}

/// A name goes into `/etc/resolv.conf`, to the kernel and onto consoles: letters, digits,
/// hyphens, underscores and dots. One that is not like that is left out: the address does
/// not depend on it. Some servers send a zero byte or a dot at its end.
fn name(bytes: &[u8]) -> Option<String> {
    const MAX_BYTES: usize = 253;
    let text = core::str::from_utf8(bytes).ok()?;
    let text = text.trim_end_matches(['\0', '.']);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(allowed) && !label.starts_with('-')
    };
    (text.len() <= MAX_BYTES && text.split('.').all(label)).then(|| text.to_owned())
}
