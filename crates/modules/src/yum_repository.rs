//! `yum_repository`: repositories of rpms, as sections of files that dnf reads.

mod sections;

use std::path::{Path, PathBuf};

use crate::{
    choice,
    kit::{
        Args, Changes, Diff, Failure, Fields, FileArgs, Module, Reader, Source, Writer, failure::errno_text,
        file_args::Attributes,
    },
};

use sections::Sections;

choice! {
    /// Whether the repository is in the file.
    enum State {
        /// In the file.
        Present = "present",
        /// Not in the file.
        Absent = "absent",
    }
}

/// Adds repositories to files below `/etc/yum.repos.d`, and removes them.
///
/// A file that is changed loses its comments, and is removed with its last repository.
///
/// ```yaml
/// - yum_repository:
///     name: epel
///     description: Extra Packages for Enterprise Linux
///     baseurl: https://download.fedoraproject.org/pub/epel/$releasever/$basearch/
///     gpgkey: https://download.fedoraproject.org/pub/epel/RPM-GPG-KEY-EPEL-9
///     gpgcheck: true
/// ```
#[derive(Args)]
pub struct YumRepository {
    /// The repository's id: the section's name.
    name: String,
    /// Whether the repository is in the file.
    #[arg(default = "present")]
    state: State,
    /// The file's name without `.repo`; `name` when missing.
    file: Option<String>,
    /// The directory of the file.
    #[arg(default = "/etc/yum.repos.d")]
    reposdir: PathBuf,
    /// Its name for people. It stands as `name` in the file.
    description: Option<String>,
    /// Has the metadata and packages downloaded in parallel. Nothing that is still supported reads it.
    r#async: Option<bool>,
    /// The bandwidth that `throttle` is a percentage of, in bytes per second.
    bandwidth: Option<String>,
    /// Where the repository is: one address or more. This, `metalink` or `mirrorlist` is needed for `state:
    /// present`.
    baseurl: Option<Vec<String>>,
    /// How dear it is to use this repository, compared with others; 1000 is dnf's default.
    cost: Option<String>,
    /// Whether the server may count this host once a week.
    countme: Option<bool>,
    /// Has no effect with dnf.
    deltarpm_metadata_percentage: Option<String>,
    /// How big a delta may be compared with the package, in percent; 0 is no deltas.
    deltarpm_percentage: Option<String>,
    /// Whether the repository is used.
    enabled: Option<bool>,
    /// Whether its groups of packages are used.
    enablegroups: Option<bool>,
    /// Packages, or patterns of them, that are never taken from it.
    #[arg(alias = "excludepkgs")]
    exclude: Option<Vec<String>>,
    /// In which order addresses are tried.
    #[arg(choices("roundrobin", "priority"))]
    failovermethod: Option<String>,
    /// Has no effect with dnf.
    gpgcakey: Option<String>,
    /// Whether signatures of packages are checked; the main configuration's when missing.
    gpgcheck: Option<bool>,
    /// Addresses of the keys that packages are signed with.
    gpgkey: Option<Vec<String>>,
    /// Has no effect with dnf.
    #[arg(choices("all", "packages", "none"))]
    http_caching: Option<String>,
    /// Another configuration file that is read at this place.
    include: Option<String>,
    /// The only packages, or patterns of them, that are taken from it.
    includepkgs: Option<Vec<String>>,
    /// Which addresses of servers are used.
    #[arg(choices("4", "6", "IPv4", "IPv6", "whatever"))]
    ip_resolve: Option<String>,
    /// Has no effect with dnf.
    keepalive: Option<bool>,
    /// Has no effect in a repository.
    #[arg(choices("0", "1"))]
    keepcache: Option<String>,
    /// How long metadata are taken for current, in seconds or as `6h`; 48 hours is dnf's default.
    metadata_expire: Option<String>,
    /// Has no effect with dnf.
    #[arg(choices("never", "read-only:past", "read-only:present", "read-only:future"))]
    metadata_expire_filter: Option<String>,
    /// The address of a metalink file that lists mirrors.
    metalink: Option<String>,
    /// The address of a list of mirrors.
    mirrorlist: Option<String>,
    /// Has no effect with dnf.
    mirrorlist_expire: Option<String>,
    /// Takes packages whatever streams of modules say.
    module_hotfixes: Option<bool>,
    /// The password for the repository.
    #[arg(secret)]
    password: Option<String>,
    /// From 1 to 99; a lower number goes first, 99 is dnf's default.
    priority: Option<String>,
    /// Has no effect with dnf.
    protect: Option<bool>,
    /// The address of a proxy; `_none_` for none.
    proxy: Option<String>,
    /// The password for the proxy.
    #[arg(secret)]
    proxy_password: Option<String>,
    /// The name for the proxy.
    proxy_username: Option<String>,
    /// Whether the signature of the metadata is checked.
    repo_gpgcheck: Option<bool>,
    /// How often a download is tried; 0 is for ever.
    retries: Option<String>,
    /// For a plugin that reads repositories of S3.
    s3_enabled: Option<bool>,
    /// Goes on without the repository when it cannot be reached.
    skip_if_unavailable: Option<bool>,
    /// Has no effect with dnf.
    ssl_check_cert_permissions: Option<bool>,
    /// The file or directory of certificates that the server's is checked with.
    #[arg(alias = "ca_cert")]
    sslcacert: Option<String>,
    /// The client's certificate.
    #[arg(alias = "client_cert")]
    sslclientcert: Option<String>,
    /// The key of the client's certificate.
    #[arg(alias = "client_key")]
    sslclientkey: Option<String>,
    /// Whether the server's certificate is checked.
    #[arg(alias = "validate_certs")]
    sslverify: Option<bool>,
    /// The most bytes per second, as a number with `k`, `M` or `G`, or a percentage of `bandwidth`.
    throttle: Option<String>,
    /// Seconds to wait for a connection.
    timeout: Option<String>,
    /// Has no effect with dnf.
    ui_repoid_vars: Option<String>,
    /// The name for the repository.
    username: Option<String>,
    #[arg(flatten)]
    attributes: FileArgs,
}

impl YumRepository {
    fn path(&self) -> PathBuf {
        self.reposdir.join(format!("{}.repo", self.file.as_ref().unwrap_or(&self.name)))
    }

    /// The section's lines by name, sorted as they are written.
    fn wanted(&self) -> Vec<(String, String)> {
        let flag = |value: Option<bool>| value.map(|value| if value { "1".to_owned() } else { "0".to_owned() });
        let list = |list: &Option<Vec<String>>, with: &str| list.as_ref().map(|list| list.join(with));
        let all = [
            ("async", flag(self.r#async)),
            ("bandwidth", self.bandwidth.clone()),
            ("baseurl", list(&self.baseurl, "\n")),
            ("cost", self.cost.clone()),
            ("countme", flag(self.countme)),
            ("deltarpm_metadata_percentage", self.deltarpm_metadata_percentage.clone()),
            ("deltarpm_percentage", self.deltarpm_percentage.clone()),
            ("enabled", flag(self.enabled)),
            ("enablegroups", flag(self.enablegroups)),
            ("exclude", list(&self.exclude, " ")),
            ("failovermethod", self.failovermethod.clone()),
            ("gpgcakey", self.gpgcakey.clone()),
            ("gpgcheck", flag(self.gpgcheck)),
            ("gpgkey", list(&self.gpgkey, "\n")),
            ("http_caching", self.http_caching.clone()),
            ("include", self.include.clone()),
            ("includepkgs", list(&self.includepkgs, " ")),
            ("ip_resolve", self.ip_resolve.clone()),
            ("keepalive", flag(self.keepalive)),
            ("keepcache", self.keepcache.clone()),
            ("metadata_expire", self.metadata_expire.clone()),
            ("metadata_expire_filter", self.metadata_expire_filter.clone()),
            ("metalink", self.metalink.clone()),
            ("mirrorlist", self.mirrorlist.clone()),
            ("mirrorlist_expire", self.mirrorlist_expire.clone()),
            ("module_hotfixes", flag(self.module_hotfixes)),
            ("password", self.password.clone()),
            ("priority", self.priority.clone()),
            ("protect", flag(self.protect)),
            ("proxy", self.proxy.clone()),
            ("proxy_password", self.proxy_password.clone()),
            ("proxy_username", self.proxy_username.clone()),
            ("repo_gpgcheck", flag(self.repo_gpgcheck)),
            ("retries", self.retries.clone()),
            ("s3_enabled", flag(self.s3_enabled)),
            ("skip_if_unavailable", flag(self.skip_if_unavailable)),
            ("ssl_check_cert_permissions", flag(self.ssl_check_cert_permissions)),
            ("sslcacert", self.sslcacert.clone()),
            ("sslclientcert", self.sslclientcert.clone()),
            ("sslclientkey", self.sslclientkey.clone()),
            ("sslverify", flag(self.sslverify)),
            ("throttle", self.throttle.clone()),
            ("timeout", self.timeout.clone()),
            ("ui_repoid_vars", self.ui_repoid_vars.clone()),
            ("username", self.username.clone()),
            ("name", self.description.clone()),
        ];
        let mut wanted: Vec<(String, String)> =
            all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        wanted.sort();
        wanted
    }

    fn check(&self, host: &Reader) -> Result<(), Failure> {
        if self.state == State::Present {
            let missing = |what| Err(Failure::new(format!("state is present but {what}")));
            if self.baseurl.is_none() && self.metalink.is_none() && self.mirrorlist.is_none() {
                return missing("any of the following are missing: baseurl, mirrorlist, metalink");
            }
            if self.description.is_none() {
                return missing("all of the following are missing: description");
            }
        }
        if !host.stat(&self.reposdir)?.is_some_and(|meta| meta.is_dir()) {
            let folder = self.reposdir.display();
            return Err(Failure::new(format!("Repo directory '{folder}' does not exist.")));
        }
        Ok(())
    }
}

/// What has to be written.
pub struct Plan {
    /// The file's new text; `None` when it stays, empty when the file goes.
    text: Option<String>,
    attributes: bool,
}

impl Module for YumRepository {
    type Plan = Plan;
    const TELLS_DIFF: bool = true;

    fn inspect(&self, host: &Reader) -> Result<Changes<Plan>, Failure> {
        self.check(host)?;
        let path = self.path();
        // What cannot be read has no sections: to write it says why.
        let text = if path.is_file() { host.read_utf8(&path)? } else { None };
        let old = Sections::read(&text.unwrap_or_default(), &path).map_err(Failure::uncaught)?;
        let mut new = old.clone();
        match self.state {
            State::Present => new.set(&self.name, self.wanted()),
            State::Absent => new.remove(&self.name),
        }
        let text = (new.sorted() != old.sorted()).then(|| new.to_string());
        let attributes = match host.stat(&path)? {
            Some(meta) => self.attributes.resolve(Some(&meta), false)?.differ_from(&meta),
            None => false,
        };
        let state = self.state.as_str();
        let name = path.to_string_lossy().into_owned();
        let diff = Diff::new(old.sorted(), new.sorted()).headed(name.clone(), name);
        let is_change = text.is_some() || attributes;
        Ok(Changes::when(is_change, Plan { text, attributes })
            .with("repo", self.name.as_str())
            .with("state", state)
            .with_diff(diff))
    }

    fn apply(&self, plan: Plan, host: &mut Writer) -> Result<Fields, Failure> {
        let path = self.path();
        match plan.text {
            Some(text) if text.is_empty() => host.remove(&path)?,
            Some(text) => {
                let failed = |details: String| {
                    Failure::new(format!("Problems handling file '{}'.", path.display())).with("details", details)
                };
                if let Some(obstacle) = host.obstacle(&path) {
                    return Err(failed(errno_text(&obstacle, &path.to_string_lossy())));
                }
                host.write(&host.resolve(&path), Source::from(text.as_str()), &self.resolved(host, &path)?)
                    .map_err(|failure| failed(failure.msg))?;
            }
            None if plan.attributes => host.set_attributes(&path, &self.resolved(host, &path)?)?,
            None => {}
        }
        Ok(Fields::new())
    }
}

impl YumRepository {
    fn resolved(&self, host: &Reader, path: &Path) -> Result<Attributes, Failure> {
        self.attributes.resolve(host.stat(path)?.as_ref(), false)
    }
}
