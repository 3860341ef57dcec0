//! What Python calls the functions behind filters and tests, and how many arguments they take: its errors say so.

use super::{ErrorKind, TemplateError};

/// A filter or test by the name that it has here, its function, the fewest and the most arguments by position, and how
/// many of them come from Jinja2 itself.
type Signature = (&'static str, &'static str, usize, usize, usize);

/// The filters, by name.
const FILTERS: [Signature; 125] = [
    ("ansible.utils.usable_range", "_usable_range", 1, 1, 0),
    ("attr", "do_attr", 3, 3, 1),
    ("b64decode", "b64decode", 1, 3, 0),
    ("b64encode", "b64encode", 1, 3, 0),
    ("batch", "do_batch", 2, 3, 0),
    ("bool", "to_bool", 1, 1, 0),
    ("capitalize", "do_capitalize", 1, 1, 0),
    ("center", "do_center", 1, 2, 0),
    ("checksum", "secure_hash_s", 1, 2, 0),
    ("comment", "comment", 1, 2, 0),
    ("commonpath", "commonpath", 1, 1, 0),
    ("community.general.accumulate", "list_accumulate", 1, 1, 0),
    ("community.general.counter", "counter", 1, 1, 0),
    ("community.general.crc32", "crc32s", 1, 1, 0),
    ("community.general.dict", "dict_filter", 1, 1, 0),
    ("community.general.dict_kv", "dict_kv", 2, 2, 0),
    ("community.general.from_csv", "from_csv", 1, 6, 0),
    ("community.general.from_ini", "from_ini", 1, 1, 0),
    ("community.general.groupby_as_dict", "groupby_as_dict", 2, 2, 0),
    ("community.general.json_patch", "json_patch", 4, 5, 0),
    ("community.general.json_patch_recipe", "json_patch_recipe", 3, 4, 0),
    ("community.general.json_query", "json_query", 2, 2, 0),
    ("community.general.keep_keys", "keep_keys", 1, 3, 0),
    ("community.general.random_mac", "random_mac", 1, 2, 0),
    ("community.general.remove_keys", "remove_keys", 1, 3, 0),
    ("community.general.replace_keys", "replace_keys", 1, 3, 0),
    ("community.general.path_join", "path_join", 1, 1, 0),
    ("community.general.reveal_ansible_type", "reveal_ansible_type", 1, 2, 0),
    ("community.general.to_days", "to_days", 1, 1, 0),
    ("community.general.to_hours", "to_hours", 1, 1, 0),
    ("community.general.to_ini", "to_ini", 1, 1, 0),
    ("community.general.to_milliseconds", "to_milliseconds", 1, 1, 0),
    ("community.general.to_minutes", "to_minutes", 1, 1, 0),
    ("community.general.to_months", "to_months", 1, 1, 0),
    ("community.general.to_nice_yaml", "to_nice_yaml", 1, 1, 0),
    ("community.general.to_seconds", "to_seconds", 1, 1, 0),
    ("community.general.to_time_unit", "to_time_unit", 1, 2, 0),
    ("community.general.to_weeks", "to_weeks", 1, 1, 0),
    ("community.general.to_yaml", "to_yaml", 1, 1, 0),
    ("community.general.to_years", "to_years", 1, 1, 0),
    ("community.general.unicode_normalize", "unicode_normalize", 1, 2, 0),
    ("community.general.version_sort", "version_sort", 1, 2, 0),
    ("d", "ansible_default", 1, 3, 0),
    ("default", "ansible_default", 1, 3, 0),
    ("dict2items", "dict_to_list_of_dict_key_value_elements", 1, 3, 0),
    ("dictsort", "do_dictsort", 1, 4, 0),
    ("difference", "difference", 3, 3, 1),
    ("e", "escape", 1, 1, 0),
    ("escape", "escape", 1, 1, 0),
    ("extract", "extract", 3, 4, 1),
    ("fileglob", "fileglob", 1, 1, 0),
    ("filesizeformat", "do_filesizeformat", 1, 2, 0),
    ("first", "sync_do_first", 2, 2, 1),
    ("flatten", "flatten", 1, 3, 0),
    ("float", "do_float", 1, 2, 0),
    ("forceescape", "do_forceescape", 1, 1, 0),
    ("from_json", "from_json", 1, 2, 0),
    ("from_yaml", "from_yaml", 1, 1, 0),
    ("from_yaml_all", "from_yaml_all", 1, 1, 0),
    ("hash", "get_hash", 1, 2, 0),
    ("human_readable", "human_readable", 1, 3, 0),
    ("human_to_bytes", "human_to_bytes", 1, 3, 0),
    ("indent", "do_indent", 1, 4, 0),
    ("int", "do_int", 1, 3, 0),
    ("intersect", "intersect", 3, 3, 1),
    ("items", "do_items", 1, 1, 0),
    ("items2dict", "list_of_dict_key_value_elements_to_dict", 1, 3, 0),
    ("join", "sync_do_join", 2, 4, 1),
    ("json_query", "json_query", 2, 2, 0),
    ("last", "do_last", 2, 2, 1),
    ("list", "sync_do_list", 1, 1, 0),
    ("log", "logarithm", 1, 2, 0),
    ("lower", "do_lower", 1, 1, 0),
    ("mandatory", "mandatory", 1, 2, 0),
    ("max", "do_max", 2, 4, 1),
    ("md5", "md5s", 1, 1, 0),
    ("min", "do_min", 2, 4, 1),
    ("password_hash", "get_encrypted_password", 1, 6, 0),
    ("path_join", "path_join", 1, 1, 0),
    ("pow", "power", 2, 2, 0),
    ("pprint", "do_pprint", 1, 1, 0),
    ("quote", "quote", 1, 1, 0),
    ("random", "rand", 2, 5, 1),
    ("random_mac", "random_mac", 1, 2, 0),
    ("regex_escape", "regex_escape", 1, 2, 0),
    ("regex_findall", "regex_findall", 2, 4, 0),
    ("regex_replace", "regex_replace", 0, 7, 0),
    ("rekey_on_member", "rekey_on_member", 2, 3, 0),
    ("replace", "do_replace", 4, 5, 1),
    ("reverse", "do_reverse", 1, 1, 0),
    ("root", "inversepower", 1, 2, 0),
    ("round", "do_round", 1, 3, 0),
    ("safe", "do_mark_safe", 1, 1, 0),
    ("sha1", "secure_hash_s", 1, 2, 0),
    ("shuffle", "randomize_list", 1, 2, 0),
    ("slice", "sync_do_slice", 2, 3, 0),
    ("sort", "do_sort", 2, 5, 1),
    ("strftime", "strftime", 1, 3, 0),
    ("string", "soft_str", 1, 1, 0),
    ("striptags", "do_striptags", 1, 1, 0),
    ("subelements", "subelements", 2, 3, 0),
    ("sum", "sync_do_sum", 2, 4, 1),
    ("symmetric_difference", "symmetric_difference", 3, 3, 1),
    ("ternary", "ternary", 3, 4, 0),
    ("title", "do_title", 1, 1, 0),
    ("to_datetime", "to_datetime", 1, 2, 0),
    ("to_json", "to_json", 1, 4, 0),
    ("to_nice_json", "to_nice_json", 1, 3, 0),
    ("to_uuid", "to_uuid", 1, 2, 0),
    ("tojson", "do_tojson", 2, 3, 1),
    ("trim", "do_trim", 1, 2, 0),
    ("truncate", "do_truncate", 2, 6, 1),
    ("type_debug", "type_debug", 1, 1, 0),
    ("union", "union", 3, 3, 1),
    ("unique", "unique", 2, 4, 1),
    ("unvault", "do_unvault", 2, 4, 0),
    ("upper", "do_upper", 1, 1, 0),
    ("urldecode", "unquote_plus", 1, 3, 0),
    ("urlencode", "do_urlencode", 1, 1, 0),
    ("urlize", "do_urlize", 2, 7, 1),
    ("urlsplit", "split_url", 1, 3, 0),
    ("vault", "do_vault", 2, 6, 0),
    ("wordcount", "do_wordcount", 1, 1, 0),
    ("wordwrap", "do_wordwrap", 2, 6, 1),
    ("xmlattr", "do_xmlattr", 2, 3, 1),
];

/// The tests, by name.
const TESTS: [Signature; 96] = [
    ("abs", "isabs", 1, 1, 0),
    ("ansible.utils.in_any_network", "_in_any_network", 2, 2, 0),
    ("ansible.utils.in_network", "_in_network", 2, 2, 0),
    ("ansible.utils.in_one_network", "_in_one_network", 2, 2, 0),
    ("ansible.utils.ip", "_ip", 1, 1, 0),
    ("ansible.utils.ip_address", "_ip_address", 1, 1, 0),
    ("ansible.utils.ipv4", "_ipv4", 1, 1, 0),
    ("ansible.utils.ipv4_address", "_ipv4_address", 1, 1, 0),
    ("ansible.utils.ipv4_hostmask", "_ipv4_hostmask", 1, 1, 0),
    ("ansible.utils.ipv4_netmask", "_ipv4_netmask", 1, 1, 0),
    ("ansible.utils.ipv6", "_ipv6", 1, 1, 0),
    ("ansible.utils.ipv6_address", "_ipv6_address", 1, 1, 0),
    ("ansible.utils.ipv6_ipv4_mapped", "_ipv6_ipv4_mapped", 1, 1, 0),
    ("ansible.utils.ipv6_sixtofour", "_ipv6_sixtofour", 1, 1, 0),
    ("ansible.utils.ipv6_teredo", "_ipv6_teredo", 1, 1, 0),
    ("ansible.utils.loopback", "_loopback", 1, 1, 0),
    ("ansible.utils.mac", "_mac", 1, 1, 0),
    ("ansible.utils.multicast", "_multicast", 1, 1, 0),
    ("ansible.utils.private", "_private", 1, 1, 0),
    ("ansible.utils.public", "_public", 1, 1, 0),
    ("ansible.utils.reserved", "_reserved", 1, 1, 0),
    ("ansible.utils.resolvable", "_resolvable", 1, 1, 0),
    ("ansible.utils.subnet_of", "_subnet_of", 2, 2, 0),
    ("ansible.utils.supernet_of", "_supernet_of", 2, 2, 0),
    ("ansible.utils.unspecified", "_unspecified", 1, 1, 0),
    ("boolean", "test_boolean", 1, 1, 0),
    ("change", "changed", 1, 1, 0),
    ("changed", "changed", 1, 1, 0),
    ("community.general.ansible_type", "ansible_type", 2, 3, 0),
    ("community.general.fqdn_valid", "fqdn_valid", 1, 3, 0),
    ("contains", "contains", 2, 2, 0),
    ("defined", "test_defined", 1, 1, 0),
    ("directory", "isdir", 1, 1, 0),
    ("divisibleby", "test_divisibleby", 2, 2, 0),
    ("escaped", "test_escaped", 1, 1, 0),
    ("even", "test_even", 1, 1, 0),
    ("exists", "exists", 1, 1, 0),
    ("failed", "failed", 1, 1, 0),
    ("failure", "failed", 1, 1, 0),
    ("false", "test_false", 1, 1, 0),
    ("falsy", "falsy", 1, 2, 0),
    ("file", "isfile", 1, 1, 0),
    ("filter", "test_filter", 2, 2, 1),
    ("finished", "finished", 1, 1, 0),
    ("float", "test_float", 1, 1, 0),
    ("in", "test_in", 2, 2, 0),
    ("integer", "test_integer", 1, 1, 0),
    ("is_abs", "isabs", 1, 1, 0),
    ("is_dir", "isdir", 1, 1, 0),
    ("is_file", "isfile", 1, 1, 0),
    ("is_link", "islink", 1, 1, 0),
    ("is_mount", "ismount", 1, 1, 0),
    ("is_same_file", "samefile", 2, 2, 0),
    ("isnan", "isnotanumber", 1, 1, 0),
    ("issubset", "issubset", 2, 2, 0),
    ("issuperset", "issuperset", 2, 2, 0),
    ("iterable", "test_iterable", 1, 1, 0),
    ("link", "islink", 1, 1, 0),
    ("link_exists", "lexists", 1, 1, 0),
    ("lower", "test_lower", 1, 1, 0),
    ("mapping", "test_mapping", 1, 1, 0),
    ("match", "match", 1, 4, 0),
    ("mount", "ismount", 1, 1, 0),
    ("nan", "isnotanumber", 1, 1, 0),
    ("none", "test_none", 1, 1, 0),
    ("number", "test_number", 1, 1, 0),
    ("odd", "test_odd", 1, 1, 0),
    ("reachable", "reachable", 1, 1, 0),
    ("regex", "regex", 0, 5, 0),
    ("same_file", "samefile", 2, 2, 0),
    ("sameas", "test_sameas", 2, 2, 0),
    ("search", "search", 1, 4, 0),
    ("sequence", "test_sequence", 1, 1, 0),
    ("skip", "skipped", 1, 1, 0),
    ("skipped", "skipped", 1, 1, 0),
    ("started", "started", 1, 1, 0),
    ("string", "test_string", 1, 1, 0),
    ("subset", "issubset", 2, 2, 0),
    ("succeeded", "success", 1, 1, 0),
    ("success", "success", 1, 1, 0),
    ("successful", "success", 1, 1, 0),
    ("superset", "issuperset", 2, 2, 0),
    ("test", "test_test", 2, 2, 1),
    ("timedout", "timedout", 1, 1, 0),
    ("true", "test_true", 1, 1, 0),
    ("truthy", "truthy", 1, 2, 0),
    ("undefined", "test_undefined", 1, 1, 0),
    ("unreachable", "unreachable", 1, 1, 0),
    ("upper", "test_upper", 1, 1, 0),
    ("uri", "is_uri", 1, 2, 0),
    ("url", "is_url", 1, 2, 0),
    ("urn", "is_urn", 1, 1, 0),
    ("vault_encrypted", "vault_encrypted", 1, 1, 0),
    ("vaulted_file", "vaulted_file", 1, 1, 0),
    ("version", "version_compare", 2, 5, 0),
    ("version_compare", "version_compare", 2, 5, 0),
];

/// The filters or the tests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    Filters,
    Tests,
}

impl Words {
    /// What one of them is called.
    pub(super) fn what(self) -> &'static str {
        if self == Self::Filters { "filter" } else { "test" }
    }

    fn signature(self, name: &str) -> Option<&'static Signature> {
        let table: &[Signature] = if self == Self::Filters { &FILTERS } else { &TESTS };
        table.binary_search_by(|(known, ..)| (*known).cmp(name)).ok().map(|index| &table[index])
    }

    /// Fails for more arguments by position than the function takes.
    pub(super) fn check(self, name: &str, given: usize) -> Result<(), TemplateError> {
        let Some((_, function, least, most, passed)) = self.signature(name) else { return Ok(()) };
        let given = given + passed;
        if given <= *most {
            return Ok(());
        }
        let taken = if least == most { most.to_string() } else { format!("from {least} to {most}") };
        let plural = if *most == 1 { "" } else { "s" };
        let text = format!("{function}() takes {taken} positional argument{plural} but {given} were given");
        Err(TemplateError::type_error(text))
    }

    /// An error about the arguments of a call, with the function's own name.
    pub(super) fn named(self, name: &str, full: &str, error: TemplateError) -> TemplateError {
        let (ErrorKind::Raised { class: "TypeError", text }, Some((_, function, ..))) =
            (error.kind(), self.signature(name))
        else {
            return error;
        };
        let is_binding =
            |rest: &&str| ["() got ", "() missing ", "() takes "].iter().any(|start| rest.starts_with(start));
        let rest = text.strip_prefix(name).or_else(|| text.strip_prefix(full)).filter(is_binding);
        match rest {
            Some(rest) => TemplateError::type_error(format!("{function}{rest}")),
            None => error,
        }
    }
}
