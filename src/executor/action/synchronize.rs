//! `synchronize`: who runs rsync, and how that one names the other side.

use std::path::Path;

use serde_json::json;
use sutler_modules::kit::reader::normal;

use super::{Contents, Evaluated, Fields, Job, PrepareError, Reach, TaskContext};
use crate::{
    config::settings::connection,
    executor::{connect, settings::Settings},
    playbook::{Task, expand_home, unquote},
    source::Diagnostic,
    transport::{Become, Kind, Method, Target},
    vars::Scope,
};

/// The names of the controller.
const LOCALHOST: [&str; 3] = ["127.0.0.1", "::1", "localhost"];

/// The job, and the arguments of its module.
pub fn job(
    context: &TaskContext,
    task: &Task,
    scope: &Scope,
    arguments: Evaluated,
) -> Result<(Job, Fields), PrepareError> {
    let settings = Settings::new(task, scope);
    let reach = Reach::new(context, settings, scope)?;
    let sides = Sides::new(context, settings, scope, &reach)?;
    let (Some(src), Some(dest)) = (arguments.text("src")?, arguments.text("dest")?) else {
        return Err(Diagnostic::error("synchronize requires both src and dest parameters are set").into());
    };
    let is_pull = arguments.text("mode")?.as_deref() == Some("pull");
    let user = sides.user.as_deref().filter(|_| arguments.flag("set_remote_user").unwrap_or(true));
    let own = |path: &str| absolute(path, &arguments);
    let other = |path: &str| if sides.is_same_place() { own(path) } else { sides.remote(path, user) };
    let (src, dest) = if is_pull { (other(&src), own(&dest)) } else { (own(&src), other(&dest)) };
    let uses_ssh_args = arguments.flag("use_ssh_args").unwrap_or(false) && reach.target.kind != Kind::Local;
    let mut fields = arguments.into_fields()?;
    let mut set = |name: &str, value: serde_json::Value| drop(fields.insert(name.to_owned(), value));
    set("src", json!(src));
    set("dest", json!(dest));
    let rsync = scope.resolve("ansible_rsync_path")?.map(|path| path.to_str()).filter(|path| !path.is_empty());
    set("_local_rsync_path", json!(rsync.as_deref().unwrap_or("rsync")));
    if uses_ssh_args {
        let texts = connect::ssh_arguments(&reached(settings, scope)?, &context.run.options.connection)?;
        let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
        set("_ssh_args", json!(texts.join(" ")));
    }
    if sides.names_controller() {
        set("_substitute_controller", json!(true));
    }
    if !sides.stays {
        set("_local_rsync_password", json!(sides.password));
    }
    let mut default = |name: &str, value: serde_json::Value| {
        if fields.get(name).is_none_or(serde_json::Value::is_null) {
            fields.insert(name.to_owned(), value);
        }
    };
    default("dest_port", json!(sides.port));
    if !sides.stays {
        default("private_key", json!(reach.target.key_file));
        default("rsync_path", json!(reach.becoming.as_ref().and_then(rsync_of)));
    }
    let runs_here = !sides.uses_delegate && reach.target.kind != Kind::Local;
    let told = fields.clone();
    let job = Job::new(context, settings, scope, "synchronize", fields, Contents::default())?;
    let here = || Reach { target: Target::new(Kind::Local, "localhost"), becoming: None };
    Ok((if runs_here { job.at(here()) } else { job }, told))
}

/// The scope of the host that the connection is made to.
fn reached(settings: Settings, scope: &Scope) -> Result<Scope, PrepareError> {
    Ok(settings.text("delegate_to")?.map_or_else(|| scope.clone(), |other| scope.delegated_to(&other)))
}

/// Both ends, as the one that runs rsync sees them.
struct Sides {
    /// Where the host of the task is.
    host: String,
    port: Option<u16>,
    user: Option<String>,
    password: Option<String>,
    /// Both are the same host.
    stays: bool,
    /// rsync runs on the host of `delegate_to`, not on the controller.
    uses_delegate: bool,
    /// ssh would find the controller at that port.
    is_controllers_port: bool,
}

impl Sides {
    fn new(context: &TaskContext, settings: Settings, scope: &Scope, reach: &Reach) -> Result<Self, PrepareError> {
        let options = &context.run.options;
        let failed = |error: connect::ConnectSettingError| PrepareError::Failed(error.into());
        let own = connect::target(settings, scope, &options.connection).map_err(failed)?;
        connect::note_secrets(scope, context.run.events.secrets());
        let delegate = settings.text("delegate_to")?;
        let is_itself = delegate.as_ref().is_some_and(|name| *name == own.name || *name == own.address);
        let is_remote = reach.target.kind != Kind::Local;
        let port = own.port.or(reach.target.port);
        let default = options.connection.config.get(&connection::DEFAULT_REMOTE_PORT).map(|port| port as u16);
        let localhost = context.run.vars.hosts.get("localhost").map(|_| scope.delegated_to("localhost"));
        let localhost = localhost.map(|scope| connect::target(settings, &scope, &options.connection)).transpose();
        let localhost = localhost.map_err(failed)?;
        Ok(Self {
            host: if is_itself { LOCALHOST[0].to_owned() } else { own.address },
            port,
            user: own.user.or_else(|| reach.target.user.clone()),
            password: own.password.map(|password| password.expose().to_owned()),
            stays: is_itself || (delegate.is_none() && !is_remote),
            uses_delegate: is_itself || (delegate.is_some() && is_remote),
            is_controllers_port: port == default || localhost.is_some_and(|target| target.port == port),
        })
    }

    /// Whether the other side is the controller itself.
    fn is_controller(&self) -> bool {
        self.is_controllers_port && LOCALHOST.contains(&self.host.as_str())
    }

    /// Whether a path of the other side is one of this side.
    fn is_same_place(&self) -> bool {
        self.stays || (self.is_controller() && !self.uses_delegate)
    }

    /// Whether a host of `delegate_to` has to find the controller.
    fn names_controller(&self) -> bool {
        !self.stays && self.uses_delegate && self.is_controller()
    }

    /// A path of the other side.
    fn remote(&self, path: &str, user: Option<&str>) -> String {
        if path.starts_with("rsync://") {
            return path.to_owned();
        }
        let user = user.map(|user| format!("{user}@")).unwrap_or_default();
        let host = &self.host;
        if host.split('%').next().is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok()) {
            format!("[{user}{host}]:{path}")
        } else if path.contains(':') {
            format!("{user}{path}")
        } else {
            format!("{user}{host}:{path}")
        }
    }
}

/// A path of the side that runs rsync: absolute, or found as files of the controller are.
fn absolute(path: &str, arguments: &Evaluated) -> String {
    if path.starts_with('/') || path.contains(':') {
        return path.to_owned();
    }
    let home = expand_home(Path::new(path));
    let found = if home.is_absolute() {
        home
    } else {
        let found = arguments.origin.candidates("files", path).into_iter().find(|candidate| candidate.exists());
        // What is looked for last may stand between quotes.
        let found = found.unwrap_or_else(|| arguments.origin.project().join(expand_home(Path::new(unquote(path)))));
        normal(&std::path::absolute(&found).unwrap_or(found))
    };
    let slash = if path.ends_with('/') { "/" } else { "" };
    format!("{}{slash}", found.to_string_lossy().trim_end_matches('/'))
}

/// The rsync of another user. Other ways to become one cannot be said to rsync.
fn rsync_of(becoming: &Become) -> Option<String> {
    match (becoming.method, becoming.user.as_str()) {
        (Method::Sudo, "") => Some("sudo rsync".to_owned()),
        (Method::Sudo, user) => Some(format!("sudo -u {user} rsync")),
        _ => None,
    }
}
