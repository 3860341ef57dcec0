//! `iptables`: rules, chains and policies of the kernel's packet filter, as they are now.

mod rule;

use serde_json::{Value, json};

use crate::{
    choice,
    kit::{Args, Changes, Failure, Fields, Module, Program, Reader, Writer, state::AbsentPresent as State},
};

choice! {
    /// Where a new rule goes.
    pub enum Action {
        /// To the end of the chain.
        Append = "append",
        /// To the beginning of the chain, or to `rule_num`.
        Insert = "insert",
    }
}

choice! {
    /// The version of IP.
    pub enum IpVersion {
        /// IPv4, through `iptables`.
        V4 = "ipv4",
        /// IPv6, through `ip6tables`.
        V6 = "ipv6",
        /// First the one, then the other.
        Both = "both",
    }
}

choice! {
    /// Packets that open a TCP connection.
    pub enum Syn {
        /// Whatever they are.
        Ignore = "ignore",
        /// Those.
        Match = "match",
        /// All others.
        Negate = "negate",
    }
}

/// Changes one rule, chain or policy of the running packet filter. Nothing is saved: after a restart it is gone.
///
/// A `!` at the beginning of an address, a protocol, an interface and of what else `man 8 iptables` says so negates it.
///
/// ```yaml
/// - iptables:
///     chain: INPUT
///     protocol: tcp
///     destination_port: 22
///     ctstate: NEW
///     jump: ACCEPT
///     comment: SSH
/// - iptables:
///     chain: INPUT
///     policy: DROP
/// ```
#[derive(Args)]
#[args(
    exclusive("set_dscp_mark", "set_dscp_mark_class"),
    exclusive("flush", "policy"),
    required_if("jump", "TEE", "gateway"),
    required_if("jump", "tee", "gateway"),
    required_if("flush", "False", "chain"),
    required_by("set_dscp_mark", "jump"),
    required_by("set_dscp_mark_class", "jump"),
    required_by("match_set", "match_set_flags")
)]
pub struct Iptables {
    /// The table.
    #[arg(default = "filter", choices("filter", "nat", "mangle", "raw", "security"))]
    table: String,
    /// The chain. Needed unless `flush` empties a whole table.
    chain: Option<String>,
    /// Whether the rule is there; with `chain_management` and nothing of a rule, whether the chain is.
    #[arg(default = "present")]
    state: State,
    /// Where a new rule goes. A rule that is there already stays where it is.
    #[arg(default = "append")]
    action: Action,
    /// The number that an inserted rule gets, from 1.
    rule_num: Option<String>,
    /// The version of IP.
    #[arg(default = "ipv4")]
    ip_version: IpVersion,
    /// Makes a chain that is not there, and removes one with `state: absent`, when nothing of a rule is given.
    #[arg(default = false)]
    chain_management: bool,
    /// Sets the policy of a built-in chain; everything else is ignored then.
    #[arg(choices("ACCEPT", "DROP", "QUEUE", "RETURN"))]
    policy: Option<String>,
    /// Empties the chain, or without one the table; always a change.
    #[arg(default = false)]
    flush: bool,
    /// Looks up no names when chains are listed.
    #[arg(default = false)]
    numeric: bool,
    /// Seconds to wait for the lock of other instances.
    wait: Option<String>,
    /// The rule.
    #[arg(flatten)]
    rule: rule::Rule,
}

/// What is done, in order.
pub type Plan = Vec<Program>;

impl Module for Iptables {
    type Plan = Plan;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        self.rule.check()?;
        let mut plan = Vec::new();
        let mut has_changed = false;
        let names: &[&str] = match self.ip_version {
            IpVersion::V4 => &["iptables"],
            IpVersion::V6 => &["ip6tables"],
            IpVersion::Both => &["iptables", "ip6tables"],
        };
        for name in names {
            let tool = self.tool(host, name)?;
            let (differs, program) = self.look(&tool, host)?;
            has_changed |= differs;
            plan.extend(program);
        }
        let changes = Changes::when(!plan.is_empty(), plan).with("changed", has_changed);
        Ok(changes.with_all(self.fields(names[0])))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        for program in plan {
            host.run(&program)?.checked(&program)?;
        }
        Ok(Fields::new())
    }
}

/// One of the two programs.
struct Tool {
    path: String,
    is_v6: bool,
    /// `-w` and its seconds, if the program knows them.
    wait: Vec<String>,
}

impl Iptables {
    fn tool(&self, host: &Reader, name: &str) -> Result<Tool, Failure> {
        let path = host.required(name)?.to_string_lossy().into_owned();
        let mut wait = Vec::new();
        if let Some(seconds) = self.wait.as_ref().filter(|seconds| !seconds.is_empty()) {
            let said = host.query(&Program::new(&path).arg("--version").plain_locale())?.out();
            // Older programs take no seconds.
            if version(&said) >= [1, 6, 0] {
                wait = vec!["-w".into(), seconds.clone()];
            }
        }
        Ok(Tool { path, is_v6: name == "ip6tables", wait })
    }

    fn program(&self, tool: &Tool, command: &str, words: &[String]) -> Program {
        let program = Program::new(&tool.path).args(["-t", &self.table, command]).args(&self.chain);
        let program = match &self.rule_num {
            Some(number) if command == "-I" => program.arg(number),
            _ => program,
        };
        program.args(&tool.wait).args(words).plain_locale()
    }

    fn list(&self, tool: &Tool) -> Program {
        let program = self.program(tool, "-L", &[]);
        if self.numeric { program.arg("--numeric") } else { program }
    }

    /// Whether something differs, and the program that sets it right.
    fn look(&self, tool: &Tool, host: &Reader) -> Result<(bool, Option<Program>), Failure> {
        if self.flush {
            return Ok((true, Some(self.program(tool, "-F", &[]))));
        }
        if let Some(policy) = &self.policy {
            let list = self.list(tool);
            let said = host.query(&list)?.checked(&list)?.out();
            let differs = self.policy_of(&said)? != policy;
            return Ok((differs, differs.then(|| self.program(tool, "-P", &[]).arg(policy))));
        }
        let wanted = self.state == State::Present;
        let words = self.rule.words(tool.is_v6, true);
        if words.is_empty() {
            let is_there = host.query(&self.list(tool))?.success();
            let command = if wanted { "-N" } else { "-X" };
            let differs = is_there != wanted;
            return Ok((differs, (differs && self.chain_management).then(|| self.program(tool, command, &[]))));
        }
        let differs = host.query(&self.program(tool, "-C", &words))?.success() != wanted;
        let command = match (wanted, self.action) {
            (false, _) => "-D",
            (true, Action::Append) => "-A",
            (true, Action::Insert) => "-I",
        };
        Ok((differs, differs.then(|| self.program(tool, command, &words))))
    }

    /// The policy in a listing: `Chain INPUT (policy DROP)`.
    fn policy_of<'a>(&self, said: &'a str) -> Result<&'a str, Failure> {
        let start = format!("Chain {} (policy ", self.chain.as_deref().unwrap_or_default());
        let found = said.lines().find_map(|line| line.strip_prefix(&start)?.strip_suffix(')'));
        let found = found.filter(|policy| policy.chars().all(|letter| letter.is_ascii_uppercase()));
        found.ok_or_else(|| Failure::new("Can't detect current policy"))
    }

    fn fields(&self, first: &str) -> Fields {
        Fields::from_iter(
            [
                ("chain", json!(self.chain)),
                ("chain_management", json!(self.chain_management)),
                ("flush", json!(self.flush)),
                ("ip_version", json!(self.ip_version.as_str())),
                ("rule", json!(self.rule.words(first == "ip6tables", false).join(" "))),
                ("state", json!(self.state.as_str())),
                ("table", json!(self.table)),
                ("wait", self.wait.clone().map_or(Value::Null, Value::from)),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        )
    }
}

/// The version in `iptables v1.8.9 (nf_tables)`.
fn version(said: &str) -> [u32; 3] {
    let word = said.split_whitespace().find_map(|word| word.strip_prefix('v')).unwrap_or_default();
    let mut numbers = word.split('.').map(|number| number.parse().unwrap_or(0));
    std::array::from_fn(|_| numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    #[test]
    fn versions_have_three_numbers() {
        assert_eq!(super::version("iptables v1.8.9 (nf_tables)\n"), [1, 8, 9]);
        assert_eq!(super::version("iptables v1.6\n"), [1, 6, 0]);
        assert_eq!(super::version(""), [0, 0, 0]);
    }
}
