//! `config`: values of settings, with where they come from.

use std::collections::HashMap;

use super::{
    super::{Arguments, Context, Lookup, TemplateError},
    failed,
    options::Options,
};
use crate::{
    config::{Kind, Origin, Setting, settings},
    value::Value,
};

/// The kinds of plugins that have options.
const KINDS: [&str; 11] = [
    "become",
    "cache",
    "callback",
    "cliconf",
    "connection",
    "httpapi",
    "inventory",
    "lookup",
    "netconf",
    "shell",
    "vars",
];

pub(super) fn register(table: &mut HashMap<&'static str, Lookup>) {
    table.insert("config", config);
}

fn config(arguments: Arguments<'_>) -> Result<Vec<Value>, TemplateError> {
    let options = Options::new("config", arguments.context, arguments.named);
    let missing = options.choice("on_missing", &["error", "skip", "warn"])?;
    let with_origin = options.flag("show_origin", false)?;
    let plugin = match (options.text("plugin_type")?, options.text("plugin_name")?) {
        (None, None) => None,
        (Some(_), Some(name)) => Some((options.choice("plugin_type", &KINDS)?, name)),
        _ => return Err(failed("Both plugin_type and plugin_name are required, cannot use one without the other.")),
    };
    if let Some((kind, plugin)) = &plugin
        && !is_known(arguments.context, kind, plugin)
    {
        return Err(failed(format!("Unable to load {kind} plugin '{plugin}'.")));
    }
    let mut values = Vec::new();
    for term in &arguments.positional {
        let Some(name) = term.as_str() else {
            let (shown, kind) = (term.to_str(), term.type_name());
            let text = format!("Invalid setting identifier, {shown} is not a <class 'str'>, its a <class '{kind}'>.");
            return Err(failed(text));
        };
        let found = settings::all().find(|setting| match (&plugin, setting.plugin()) {
            (None, None) => setting.name == name,
            (Some((kind, plugin)), Some((of_kind, of_plugin, option))) => {
                (*kind, plugin.as_str(), name) == (of_kind, of_plugin, option)
            }
            _ => false,
        });
        match found {
            Some(setting) => {
                let (value, origin) = value(arguments.context, setting)?;
                values.push(if with_origin { Value::from(vec![value, origin.into()]) } else { value });
            }
            None if missing == "error" => return Err(unknown(name, plugin.as_ref())),
            None => {}
        }
    }
    Ok(values)
}

/// Whether there is a plugin of that kind here.
fn is_known(context: &Context<'_>, kind: &str, plugin: &str) -> bool {
    let is_it = |(of_kind, of_plugin, _): (&str, &str, &str)| (kind, plugin) == (of_kind, of_plugin);
    (kind == "lookup" && context.environment.has_lookup(plugin))
        || settings::all().filter_map(Setting::plugin).any(is_it)
}

fn value(context: &Context<'_>, setting: &Setting) -> Result<(Value, String), TemplateError> {
    for name in setting.vars.iter().rev() {
        if let Some(value) = context.names.lookup(name) {
            return Ok((typed(setting.kind, context.resolve_deep(&value)?), format!("var: {name}")));
        }
    }
    let config = context.environment.config();
    let origin = match config.origin(setting.name) {
        Origin::Default => "default".to_owned(),
        Origin::Env(name) => format!("env: {name}"),
        Origin::File(span) => span.file.path().display().to_string(),
    };
    Ok((config.value(setting.name).clone(), origin))
}

/// What a variable says, as the kind of value that the setting has.
fn typed(kind: Kind, value: Value) -> Value {
    let number = value.as_str().map_or_else(|| value.as_f64(), |text| text.trim().parse().ok());
    match (kind, number) {
        (Kind::Bool, _) => Value::Bool(value.to_flag()),
        (Kind::Float, Some(number)) => Value::Float(number),
        (Kind::Int, Some(number)) => Value::Int(number as i64),
        (Kind::Text | Kind::Path, _) if !value.is_none() => value.to_str().into(),
        _ => value,
    }
}

fn unknown(name: &str, plugin: Option<&(&'static str, String)>) -> TemplateError {
    let names = settings::all().filter(|setting| match (plugin, setting.plugin()) {
        (None, None) => true,
        (Some((kind, plugin)), Some((of_kind, of_plugin, _))) => (*kind, plugin.as_str()) == (of_kind, of_plugin),
        _ => false,
    });
    let near = crate::source::nearest(name, names.map(Setting::option_name));
    let near = near.map_or_else(String::new, |near| format!(" Did you mean '{near}'?"));
    failed(match plugin {
        None => format!("No config definition exists for '{name}'.{near}"),
        Some((kind, plugin)) => format!("No config definition exists for '{name}' for '{plugin}' {kind} plugin.{near}"),
    })
}
