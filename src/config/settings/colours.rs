//! Settings: the colour of what is printed.

use crate::config::setting::settings;

settings! {
    /// Changed results.
    setting COLOR_CHANGED: text = "yellow", ini ["colors.changed"], env ["ANSIBLE_COLOR_CHANGED"];
    /// The console's prompt.
    ignored COLOR_CONSOLE_PROMPT: text = "white", ini ["colors.console_prompt"], env ["ANSIBLE_COLOR_CONSOLE_PROMPT"];
    /// What `debug` of the program says.
    setting COLOR_DEBUG: text = "dark gray", ini ["colors.debug"], env ["ANSIBLE_COLOR_DEBUG"];
    /// Deprecations.
    setting COLOR_DEPRECATE: text = "purple", ini ["colors.deprecate"], env ["ANSIBLE_COLOR_DEPRECATE"];
    /// Lines that a diff adds.
    setting COLOR_DIFF_ADD: text = "green", ini ["colors.diff_add"], env ["ANSIBLE_COLOR_DIFF_ADD"];
    /// Places in a diff.
    setting COLOR_DIFF_LINES: text = "cyan", ini ["colors.diff_lines"], env ["ANSIBLE_COLOR_DIFF_LINES"];
    /// Lines that a diff removes.
    setting COLOR_DIFF_REMOVE: text = "red", ini ["colors.diff_remove"], env ["ANSIBLE_COLOR_DIFF_REMOVE"];
    /// Constants in documentation.
    ignored COLOR_DOC_CONSTANT: text = "dark gray", ini ["colors.doc_constant"], env ["ANSIBLE_COLOR_DOC_CONSTANT"];
    /// Deprecated things in documentation.
    ignored COLOR_DOC_DEPRECATED: text = "magenta",
        ini ["colors.doc_deprecated"], env ["ANSIBLE_COLOR_DOC_DEPRECATED"];
    /// Links in documentation.
    ignored COLOR_DOC_LINK: text = "cyan", ini ["colors.doc_link"], env ["ANSIBLE_COLOR_DOC_LINK"];
    /// Modules in documentation.
    ignored COLOR_DOC_MODULE: text = "yellow", ini ["colors.doc_module"], env ["ANSIBLE_COLOR_DOC_MODULE"];
    /// Plugins in documentation.
    ignored COLOR_DOC_PLUGIN: text = "yellow", ini ["colors.doc_plugin"], env ["ANSIBLE_COLOR_DOC_PLUGIN"];
    /// References in documentation.
    ignored COLOR_DOC_REFERENCE: text = "magenta", ini ["colors.doc_reference"], env ["ANSIBLE_COLOR_DOC_REFERENCE"];
    /// Errors.
    setting COLOR_ERROR: text = "red", ini ["colors.error"], env ["ANSIBLE_COLOR_ERROR"];
    /// Highlights.
    ignored COLOR_HIGHLIGHT: text = "white", ini ["colors.highlight"], env ["ANSIBLE_COLOR_HIGHLIGHT"];
    /// Included files.
    ignored COLOR_INCLUDED: text = "cyan", ini ["colors.included"], env ["ANSIBLE_COLOR_INCLUDED"];
    /// Results without a change.
    setting COLOR_OK: text = "green", ini ["colors.ok"], env ["ANSIBLE_COLOR_OK"];
    /// Skipped results.
    setting COLOR_SKIP: text = "cyan", ini ["colors.skip"], env ["ANSIBLE_COLOR_SKIP"];
    /// Hosts that cannot be reached.
    setting COLOR_UNREACHABLE: text = "bright red", ini ["colors.unreachable"], env ["ANSIBLE_COLOR_UNREACHABLE"];
    /// What `-v` adds.
    setting COLOR_VERBOSE: text = "blue", ini ["colors.verbose"], env ["ANSIBLE_COLOR_VERBOSE"];
    /// Warnings.
    setting COLOR_WARN: text = "bright purple", ini ["colors.warn"], env ["ANSIBLE_COLOR_WARN"];
}
