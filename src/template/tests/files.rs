//! Templates of several files, trust, places of errors, and limits.

use std::fs;

use super::{Variables, evaluate};
use crate::{
    source::{Diagnostic, SourceFile, Span},
    template::{Context, Environment, Syntax, Template, TemplateError, template_file},
    value::{Dict, Value},
};

fn variables() -> Variables {
    Variables([("n", Value::Int(5)), ("hostile", Value::from("{{ n }}"))].into_iter().collect::<Dict>())
}

fn render(files: &[(&str, &str)], main: &str) -> Result<String, TemplateError> {
    let folder = tempfile::tempdir().expect("a temporary directory");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a writable directory");
    }
    let environment = Environment::new(folder.path());
    let file = std::sync::Arc::new(SourceFile::new("main.j2", main));
    let template = template_file(main, &Span::new(&file, 1, 1))?;
    Context::new(&variables(), &environment).render_text(&template)
}

#[test]
fn include_sees_the_context_unless_told_otherwise() {
    let files = [("inc.j2", "<{{ n }}{{ x | default('-') }}>\n")];
    let main = "{% set x = 1 %}{% include 'inc.j2' %}{% include ['no.j2', 'inc.j2'] %}";
    assert_eq!(render(&files, main).expect("renders"), "<51><51>");
    let error = render(&files, "{% include 'inc.j2' without context %}").expect_err("no variables");
    assert_eq!(error.to_string(), "'n' is undefined");
    assert!(error.span().expect("a place").to_string().ends_with("inc.j2:1:5"));
    let error = render(&[], "\n{% include 'no.j2' %}").expect_err("not found");
    assert_eq!(error.span().expect("a place").line, 2);
}

#[test]
fn imports_bring_macros_and_names() {
    let files = [("lib.j2", "{% macro m(a) %}[{{ a }}]{% endmacro %}{% set v = 7 %}")];
    assert_eq!(render(&files, "{% import 'lib.j2' as l %}{{ l.m(1) }}{{ l.v }}").expect("renders"), "[1]7");
    assert_eq!(render(&files, "{% from 'lib.j2' import m as q, v %}{{ q(2) }}{{ v }}").expect("renders"), "[2]7");
}

#[test]
fn blocks_override_and_call_their_parents() {
    let files = [
        ("base.j2", "a{% block x %}base{% endblock %}b{% block y %}y{% endblock %}"),
        ("middle.j2", "{% extends 'base.j2' %}{% block x %}<{{ super() }}>{% endblock %}"),
    ];
    let main = "{% extends 'middle.j2' %}{% set z = 1 %}ignored{% block x %}({{ super() }}){% endblock %}";
    assert_eq!(render(&files, main).expect("renders"), "a(<base>)by");
}

#[test]
fn a_header_changes_the_syntax() {
    let main = "#jinja2: variable_start_string: '[%', variable_end_string: '%]', trim_blocks: False\n\
                {% if true %}\n[% n %]{{ n }}\n{% endif %}";
    assert_eq!(render(&[], main).expect("renders"), "\n5{{ n }}\n");
    let error = render(&[], "#jinja2: zork: 1\nx").expect_err("unknown option");
    assert_eq!(error.to_string(), "Invalid '#jinja2:' override key 'zork'.");
}

#[test]
fn text_of_hosts_is_never_a_template() {
    let value = evaluate("value", "{{ hostile }}", &variables()).expect("renders");
    assert_eq!(value, Value::from("{{ n }}"));
}

#[test]
fn errors_point_at_the_failing_expression() {
    let file = std::sync::Arc::new(SourceFile::new("play.yml", "- debug:\n    msg: \"é {{ n }} {{ zork.a }}\"\n"));
    let template = Template::compile("é {{ n }} {{ zork.a }}", &Span::new(&file, 2, 10), &Syntax::default());
    let environment = Environment::new(".");
    let error = Context::new(&variables(), &environment).render(&template.expect("compiles")).expect_err("undefined");
    assert_eq!(error.undefined_variable(), Some("zork"));
    assert_eq!(error.span().expect("a place").to_string(), "play.yml:2:24");
}

#[test]
fn deep_nesting_is_an_error_and_not_a_crash() {
    for (open, close) in [("(", ")"), ("[", "]"), ("not ", ""), ("-", ""), ("a[", "]"), ("{1:", "}"), ("f(", ")")] {
        let text = format!("{{{{ {}1{} }}}}", open.repeat(5000), close.repeat(5000));
        assert!(evaluate("value", &text, &variables()).is_err(), "{open}");
        let text = format!("{{{{ {}1{} }}}}", open.repeat(40), close.repeat(40));
        let _ = evaluate("value", &text, &variables());
    }
    let text = format!("{}{}", "{% if n %}".repeat(5000), "{% endif %}".repeat(5000));
    assert!(evaluate("value", &text, &variables()).is_err());
    let text = "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}";
    assert!(evaluate("value", text, &variables()).is_err());
    let text = format!("{{{{ n{} }}}}", " | string".repeat(20000));
    let _ = evaluate("value", &text, &variables());
    let text = format!("{{{{ n{} }}}}", " + 1".repeat(20000));
    let _ = evaluate("value", &text, &variables());
}

#[test]
fn long_chains_of_variables_end_in_an_error() {
    let chain = |length: usize| {
        let link = |index: usize| {
            let text = format!("{{{{ ('' ~ v{} ~ '') | default('') | string }}}}", index + 1);
            let template = Template::compile(&text, &Span::outside("test", &text), &Syntax::default());
            (format!("v{index}"), Value::from(template.expect("compiles")))
        };
        let mut names: Dict = (0..length).map(link).collect();
        names.insert(format!("v{length}"), "end");
        evaluate("value", "{{ v0 }}", &Variables(std::mem::take(&mut names)))
    };
    assert_eq!(chain(50).expect("resolves"), Value::from("end"));
    assert!(chain(5000).expect_err("too deep").to_string().starts_with("recursive loop detected in template: "));
}

#[test]
fn errors_say_the_values_of_the_names_in_the_expression() {
    let conf: Dict = [("password", Value::from("hunter2")), ("port", Value::Int(80))].into_iter().collect();
    let long = Value::from("x".repeat(500));
    let names = [("conf", Value::Dict(conf)), ("api_token", Value::from("abc")), ("long", long), ("n", Value::Int(5))];
    let variables = Variables(names.into_iter().collect::<Dict>());
    let error = evaluate("value", "a {{ n }} {{ conf.port + api_token }}", &variables).expect_err("not numbers");
    let shown = Diagnostic::from(error);
    assert_eq!(shown.span.as_ref().map(|span| span.column), Some(14));
    let conf = "`conf` is {'password': '********', 'port': 80}";
    assert_eq!(shown.notes, ["`api_token` is ********", conf]);
    let error = evaluate("value", "{{ long.nope }}", &variables).expect_err("no such attribute");
    assert_eq!(Diagnostic::from(error).notes, [format!("`long` is '{}…", "x".repeat(119))]);
    let error = evaluate("value", "{% set a = n %}{{ a + '' }}", &variables).expect_err("no text");
    assert_eq!(Diagnostic::from(error).notes, ["`a` is 5"]);
}

#[test]
fn an_error_inside_a_variable_shows_its_own_template() {
    let text = "{{ n | from_json }}";
    let template = Template::compile(text, &Span::outside("vars.yml", text), &Syntax::default()).expect("compiles");
    let names: Dict = [("n", Value::from("x")), ("parsed", Value::from(template))].into_iter().collect();
    let error = evaluate("value", "{{ parsed | default('d') }}", &Variables(names)).expect_err("no JSON");
    let shown = Diagnostic::from(error);
    assert_eq!(shown.notes[0], "`n` is 'x'");
    assert!(shown.notes[1].starts_with("while evaluating `{{ n | from_json }}` at <vars.yml>"), "{:?}", shown.notes);
}

#[test]
fn a_list_never_holds_itself() {
    let add = ["x.append(x)", "x.extend([x])", "x.insert(0, [x])", "(x | attr('append'))(x)", "x['append'](x)"];
    for add in add {
        let text =
            format!("{{% set x = [1] %}}{{% set y = x.append %}}{{% set _ = {add} %}}{{% set _ = y(x) %}}{{{{ x }}}}");
        let _ = evaluate("value", &text, &variables());
    }
}

#[test]
fn values_nest_no_deeper_than_a_stack_holds() {
    for inner in ["[ns.x]", "(ns.x,)", "{'a': ns.x}", "dict(a=ns.x)", "[] + [ns.x]", "[ns.x] | list"] {
        let text = format!(
            "{{% set ns = namespace(x=0) %}}{{% for i in range(5000) %}}{{% set ns.x = {inner} %}}{{% endfor %}}{{{{ ns.x }}}}"
        );
        let error = evaluate("value", &text, &variables()).expect_err(inner);
        assert_eq!(error.to_string(), "maximum recursion depth exceeded", "{inner}");
    }
}
