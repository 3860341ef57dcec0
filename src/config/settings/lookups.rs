//! Settings: options of lookups.

use crate::config::setting::settings;

settings! {
    /// Certificates to trust instead of the system's: a file or a folder.
    through LOOKUP_URL_CA_PATH as "lookup.url.ca_path": maybe_text = none,
        ini ["url_lookup.ca_path"], env ["ANSIBLE_LOOKUP_URL_CA_PATH"], vars ["ansible_lookup_url_ca_path"];
    /// Ciphers of TLS; there are only strong ones here, which no list widens or narrows.
    ignored LOOKUP_URL_CIPHERS as "lookup.url.ciphers": list = none,
        ini ["url_lookup.ciphers"], env ["ANSIBLE_LOOKUP_URL_CIPHERS"], vars ["ansible_lookup_url_ciphers"];
    /// Which redirects are followed.
    through LOOKUP_URL_FOLLOW_REDIRECTS as "lookup.url.follow_redirects":
        text of ["urllib2", "all", "none", "safe", "yes", "no"] = "urllib2",
        ini ["url_lookup.follow_redirects"],
        env ["ANSIBLE_LOOKUP_URL_FOLLOW_REDIRECTS"],
        vars ["ansible_lookup_url_follow_redirects"];
    /// Caches on the way are told not to answer.
    through LOOKUP_URL_FORCE as "lookup.url.force": bool = "False",
        ini ["url_lookup.force"], env ["ANSIBLE_LOOKUP_URL_FORCE"], vars ["ansible_lookup_url_force"];
    /// Name and password are sent without being asked for.
    through LOOKUP_URL_FORCE_BASIC_AUTH as "lookup.url.force_basic_auth": bool = "False",
        ini ["url_lookup.force_basic_auth"],
        env ["ANSIBLE_LOOKUP_URL_FORCE_BASIC_AUTH"],
        vars ["ansible_lookup_url_force_basic_auth"];
    /// The `User-Agent`.
    through LOOKUP_URL_AGENT as "lookup.url.http_agent": text = "ansible-httpget",
        ini ["url_lookup.agent"], env ["ANSIBLE_LOOKUP_URL_AGENT"], vars ["ansible_lookup_url_agent"];
    /// Seconds without a byte after which a server is given up.
    through LOOKUP_URL_TIMEOUT as "lookup.url.timeout": float = "10",
        ini ["url_lookup.timeout"], env ["ANSIBLE_LOOKUP_URL_TIMEOUT"], vars ["ansible_lookup_url_timeout"];
    /// The socket of a server on this machine.
    through LOOKUP_URL_UNIX_SOCKET as "lookup.url.unix_socket": maybe_text = none,
        ini ["url_lookup.unix_socket"],
        env ["ANSIBLE_LOOKUP_URL_UNIX_SOCKET"],
        vars ["ansible_lookup_url_unix_socket"];
    /// Headers that only the first server gets.
    through LOOKUP_URL_UNREDIRECTED_HEADERS as "lookup.url.unredirected_headers": list = none,
        ini ["url_lookup.unredirected_headers"],
        env ["ANSIBLE_LOOKUP_URL_UNREDIR_HEADERS"],
        vars ["ansible_lookup_url_unredir_headers"];
    /// Kerberos; not supported.
    through LOOKUP_URL_USE_GSSAPI as "lookup.url.use_gssapi": bool = "False",
        ini ["url_lookup.use_gssapi"], env ["ANSIBLE_LOOKUP_URL_USE_GSSAPI"], vars ["ansible_lookup_url_use_gssapi"];
    /// Name and password are taken from `~/.netrc`.
    through LOOKUP_URL_USE_NETRC as "lookup.url.use_netrc": bool = "True",
        ini ["url_lookup.use_netrc"], env ["ANSIBLE_LOOKUP_URL_USE_NETRC"], vars ["ansible_lookup_url_use_netrc"];
    /// What another value of a key that is merged is.
    through MERGE_VARIABLES_OVERRIDE as "lookup.merge_variables.override": text of ["error", "warn", "ignore"] = "error",
        ini ["merge_variables_lookup.override"], env ["ANSIBLE_MERGE_VARIABLES_OVERRIDE"];
    /// How names of variables to merge are matched.
    through MERGE_VARIABLES_PATTERN_TYPE as "lookup.merge_variables.pattern_type":
        text of ["prefix", "suffix", "regex"] = "regex",
        ini ["merge_variables_lookup.pattern_type"], env ["ANSIBLE_MERGE_VARIABLES_PATTERN_TYPE"];
    /// How to log in to HashiCorp Vault.
    through HASHI_VAULT_AUTH_METHOD as "lookup.hashi_vault.auth_method": text = "token",
        ini ["hashi_vault_collection.auth_method"],
        env ["ANSIBLE_HASHI_VAULT_AUTH_METHOD"],
        vars ["ansible_hashi_vault_auth_method"];
    /// Certificates to trust instead of the system's.
    through HASHI_VAULT_CA_CERT as "lookup.hashi_vault.ca_cert": maybe_text = none,
        ini ["hashi_vault_collection.ca_cert"],
        env ["ANSIBLE_HASHI_VAULT_CA_CERT"],
        vars ["ansible_hashi_vault_ca_cert"];
    /// The key of the certificate to log in with.
    through HASHI_VAULT_CERT_AUTH_PRIVATE_KEY as "lookup.hashi_vault.cert_auth_private_key": maybe_path = none,
        ini ["hashi_vault_collection.cert_auth_private_key"],
        env ["ANSIBLE_HASHI_VAULT_CERT_AUTH_PRIVATE_KEY"],
        vars ["ansible_hashi_vault_cert_auth_private_key"];
    /// The certificate to log in with.
    through HASHI_VAULT_CERT_AUTH_PUBLIC_KEY as "lookup.hashi_vault.cert_auth_public_key": maybe_path = none,
        ini ["hashi_vault_collection.cert_auth_public_key"],
        env ["ANSIBLE_HASHI_VAULT_CERT_AUTH_PUBLIC_KEY"],
        vars ["ansible_hashi_vault_cert_auth_public_key"];
    /// Where secrets are mounted, for `vault_kv1_get` and `vault_kv2_get`.
    through HASHI_VAULT_ENGINE_MOUNT_POINT as "lookup.hashi_vault.engine_mount_point": maybe_text = none,
        ini [], env [], vars ["ansible_hashi_vault_engine_mount_point"];
    /// The token to log in with.
    through HASHI_VAULT_JWT as "lookup.hashi_vault.jwt": maybe_text = none, ini [], env ["ANSIBLE_HASHI_VAULT_JWT"];
    /// Where the way to log in is mounted.
    through HASHI_VAULT_MOUNT_POINT as "lookup.hashi_vault.mount_point": maybe_text = none,
        ini ["hashi_vault_collection.mount_point"],
        env ["ANSIBLE_HASHI_VAULT_MOUNT_POINT"],
        vars ["ansible_hashi_vault_mount_point"];
    /// The namespace of the secrets.
    through HASHI_VAULT_NAMESPACE as "lookup.hashi_vault.namespace": maybe_text = none,
        ini ["hashi_vault_collection.namespace"],
        env ["ANSIBLE_HASHI_VAULT_NAMESPACE"],
        vars ["ansible_hashi_vault_namespace"];
    /// The password to log in with.
    through HASHI_VAULT_PASSWORD as "lookup.hashi_vault.password": maybe_text = none,
        ini [], env ["ANSIBLE_HASHI_VAULT_PASSWORD"], vars ["ansible_hashi_vault_password"];
    /// Proxies on the way to HashiCorp Vault.
    through HASHI_VAULT_PROXIES as "lookup.hashi_vault.proxies": maybe_text = none,
        ini ["hashi_vault_collection.proxies"],
        env ["ANSIBLE_HASHI_VAULT_PROXIES"],
        vars ["ansible_hashi_vault_proxies"];
    /// How often a request is tried again.
    through HASHI_VAULT_RETRIES as "lookup.hashi_vault.retries": maybe_text = none,
        ini ["hashi_vault_collection.retries"],
        env ["ANSIBLE_HASHI_VAULT_RETRIES"],
        vars ["ansible_hashi_vault_retries"];
    /// What is said of a request that is tried again.
    ignored HASHI_VAULT_RETRY_ACTION as "lookup.hashi_vault.retry_action": text of ["warn", "ignore"] = "warn",
        ini ["hashi_vault_collection.retry_action"],
        env ["ANSIBLE_HASHI_VAULT_RETRY_ACTION"],
        vars ["ansible_hashi_vault_retry_action"];
    /// The role to log in as.
    through HASHI_VAULT_ROLE_ID as "lookup.hashi_vault.role_id": maybe_text = none,
        ini ["hashi_vault_collection.role_id"],
        env ["ANSIBLE_HASHI_VAULT_ROLE_ID"],
        vars ["ansible_hashi_vault_role_id"];
    /// The secret of that role.
    through HASHI_VAULT_SECRET_ID as "lookup.hashi_vault.secret_id": maybe_text = none,
        ini [], env ["ANSIBLE_HASHI_VAULT_SECRET_ID"], vars ["ansible_hashi_vault_secret_id"];
    /// Seconds without a byte after which HashiCorp Vault is given up.
    through HASHI_VAULT_TIMEOUT as "lookup.hashi_vault.timeout": maybe_int = none,
        ini ["hashi_vault_collection.timeout"],
        env ["ANSIBLE_HASHI_VAULT_TIMEOUT"],
        vars ["ansible_hashi_vault_timeout"];
    /// The token to read secrets with.
    through HASHI_VAULT_TOKEN as "lookup.hashi_vault.token": maybe_text = none,
        ini [], env ["ANSIBLE_HASHI_VAULT_TOKEN"], vars ["ansible_hashi_vault_token"];
    /// The file with the token.
    through HASHI_VAULT_TOKEN_FILE as "lookup.hashi_vault.token_file": text = ".vault-token",
        ini ["hashi_vault_collection.token_file"],
        env ["ANSIBLE_HASHI_VAULT_TOKEN_FILE"],
        vars ["ansible_hashi_vault_token_file"];
    /// The folder of that file; the home if nothing is said.
    through HASHI_VAULT_TOKEN_PATH as "lookup.hashi_vault.token_path": maybe_text = none,
        ini ["hashi_vault_collection.token_path"],
        env ["ANSIBLE_HASHI_VAULT_TOKEN_PATH"],
        vars ["ansible_hashi_vault_token_path"];
    /// The token is tried before it is used.
    through HASHI_VAULT_TOKEN_VALIDATE as "lookup.hashi_vault.token_validate": maybe_bool = none,
        ini ["hashi_vault_collection.token_validate"],
        env ["ANSIBLE_HASHI_VAULT_TOKEN_VALIDATE"],
        vars ["ansible_hashi_vault_token_validate"];
    /// Where HashiCorp Vault is.
    through HASHI_VAULT_URL as "lookup.hashi_vault.url": maybe_text = none,
        ini ["hashi_vault_collection.url"],
        env ["ANSIBLE_HASHI_VAULT_ADDR"],
        vars ["ansible_hashi_vault_addr", "ansible_hashi_vault_url"];
    /// The name to log in with.
    through HASHI_VAULT_USERNAME as "lookup.hashi_vault.username": maybe_text = none,
        ini [], env ["ANSIBLE_HASHI_VAULT_USERNAME"], vars ["ansible_hashi_vault_username"];
    /// Certificates of HashiCorp Vault are checked.
    through HASHI_VAULT_VALIDATE_CERTS as "lookup.hashi_vault.validate_certs": maybe_bool = none,
        ini [], env [], vars ["ansible_hashi_vault_validate_certs"];
    /// How long a wrapped answer lives.
    through HASHI_VAULT_WRAP_TTL as "lookup.hashi_vault.wrap_ttl": maybe_text = none,
        ini [], env [], vars ["ansible_hashi_vault_wrap_ttl"];
}
