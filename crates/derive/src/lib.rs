//! `#[derive(Args)]`: a module's fields and their doc comments become its parser, spec and documentation.
//!
//! On the struct: `#[args(exclusive("a", "b"), together(..), one_of(..), required_if("state", "link", "src"),
//! required_by("a", "b"), free_form = "cmd", open)]`. On a field: `#[arg(default = "text" | 5 | true,
//! alias = "dest", alias = "name", choices("a", "b"), name = "type", required, secret, internal, flatten)]`.
//! A field is required when its type is not an `Option` and it has no default.

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::{format_ident, quote};
use syn::{
    Attribute, Data, DeriveInput, Expr, ExprLit, Field, Fields, Lit, LitStr, Meta, Token, parse_macro_input,
    punctuated::Punctuated,
};

/// Writes `kit::Args` for a struct; see the crate's documentation.
#[proc_macro_derive(Args, attributes(args, arg))]
pub fn derive_args(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}

fn expand(input: &DeriveInput) -> syn::Result<Tokens> {
    let Data::Struct(data) = &input.data else {
        return Err(syn::Error::new_spanned(input, "arguments are the fields of a struct"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(syn::Error::new_spanned(input, "arguments have names"));
    };
    let ident = &input.ident;
    let name = snake_case(&ident.to_string());
    let doc = doc_text(&input.attrs);
    let rules = rules(&input.attrs)?;
    let mut parts = Vec::new();
    let mut own = Vec::new();
    let (mut names, mut takes) = (Vec::new(), Vec::new());
    for field in &fields.named {
        let (described, take) = argument(field)?;
        names.push(&field.ident);
        takes.push(take);
        match described {
            Described::Own(option) => own.push(option),
            Described::Inner(ty) => {
                parts.push(own_part(&mut own));
                parts.push(quote!(crate::kit::args::Part::Inner(<#ty as crate::kit::Args>::spec)));
            }
        }
    }
    parts.push(own_part(&mut own));
    let rule_list = &rules.list;
    let free_form = option(rules.free_form.as_ref());
    let open = rules.open;
    Ok(quote! {
        impl crate::kit::Args for #ident {
            fn spec() -> crate::kit::Spec {
                const PARTS: &[crate::kit::args::Part] = &[#(#parts),*];
                const RULES: &[crate::kit::Rule] = &[#(#rule_list),*];
                crate::kit::Spec::of(#name, #doc, PARTS, RULES, #free_form, #open)
            }

            fn take(taker: &mut crate::kit::args::Taker) -> Option<Self> {
                #(let #names = #takes;)*
                if taker.has_failed() {
                    return None;
                }
                Some(Self { #(#names: #names.expect("all are taken where there is no error")),* })
            }
        }
    })
}

/// What a field adds to the spec.
enum Described {
    /// One option.
    Own(Tokens),
    /// Those of another struct.
    Inner(syn::Type),
}

/// The options collected so far, which are none then, as one part of the spec.
fn own_part(options: &mut Vec<Tokens>) -> Tokens {
    let options = std::mem::take(options);
    quote!(crate::kit::args::Part::Own(&[#(#options),*]))
}

/// What a field adds to the spec, and what takes it, which is `None` after an error.
fn argument(field: &Field) -> syn::Result<(Described, Tokens)> {
    let ident = field.ident.as_ref().expect("the fields are named");
    let ty = &field.ty;
    let attributes = FieldAttributes::parse(&field.attrs)?;
    if attributes.flatten {
        let take = quote!(<#ty as crate::kit::Args>::take(taker));
        return Ok((Described::Inner(ty.clone()), take));
    }
    let name = attributes.name.unwrap_or_else(|| ident.to_string().trim_start_matches("r#").to_owned());
    let doc = doc_text(&field.attrs);
    let FieldAttributes { aliases, choices, secret, internal, required, default, .. } = attributes;
    let choices =
        if choices.is_empty() { quote!(<#ty as crate::kit::FromArg>::CHOICES) } else { quote!(&[#(#choices),*]) };
    let required = if required {
        quote!(true)
    } else if default.is_some() {
        quote!(false)
    } else {
        quote!(!<#ty as crate::kit::FromArg>::OPTIONAL)
    };
    let default = option(default.as_ref());
    let option = quote! {
        crate::kit::Opt {
            name: #name,
            aliases: &[#(#aliases),*],
            kind: <#ty as crate::kit::FromArg>::KIND,
            required: #required,
            default: #default,
            choices: #choices,
            doc: #doc,
            secret: #secret,
            internal: #internal,
        }
    };
    Ok((Described::Own(option), quote!(taker.take::<#ty>(#name))))
}

#[derive(Default)]
struct FieldAttributes {
    name: Option<String>,
    aliases: Vec<LitStr>,
    choices: Vec<LitStr>,
    default: Option<String>,
    required: bool,
    secret: bool,
    internal: bool,
    flatten: bool,
}

impl FieldAttributes {
    fn parse(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut found = Self::default();
        for meta in metas(attributes, "arg")? {
            let path = meta.path().require_ident()?.to_string();
            match (path.as_str(), &meta) {
                ("name", Meta::NameValue(pair)) => found.name = Some(text(&pair.value)?.value()),
                ("alias", Meta::NameValue(pair)) => found.aliases.push(text(&pair.value)?),
                ("default", Meta::NameValue(pair)) => found.default = Some(literal(&pair.value)?),
                ("choices", Meta::List(list)) => {
                    found.choices =
                        list.parse_args_with(Punctuated::<LitStr, Token![,]>::parse_terminated)?.into_iter().collect();
                }
                ("required", Meta::Path(_)) => found.required = true,
                ("secret", Meta::Path(_)) => found.secret = true,
                ("internal", Meta::Path(_)) => found.internal = true,
                ("flatten", Meta::Path(_)) => found.flatten = true,
                _ => return Err(syn::Error::new_spanned(meta, "not an attribute of an argument")),
            }
        }
        Ok(found)
    }
}

struct Rules {
    list: Vec<Tokens>,
    free_form: Option<String>,
    open: bool,
}

fn rules(attributes: &[Attribute]) -> syn::Result<Rules> {
    let mut rules = Rules { list: Vec::new(), free_form: None, open: false };
    for meta in metas(attributes, "args")? {
        let path = meta.path().require_ident()?.to_string();
        match (path.as_str(), &meta) {
            ("free_form", Meta::NameValue(pair)) => rules.free_form = Some(text(&pair.value)?.value()),
            ("open", Meta::Path(_)) => rules.open = true,
            (kind, Meta::List(list)) => {
                let names: Vec<LitStr> =
                    list.parse_args_with(Punctuated::<LitStr, Token![,]>::parse_terminated)?.into_iter().collect();
                rules.list.push(rule(kind, &names).ok_or_else(|| syn::Error::new_spanned(list, "not a rule"))?);
            }
            _ => return Err(syn::Error::new_spanned(meta, "not an attribute of a module")),
        }
    }
    Ok(rules)
}

fn rule(kind: &str, names: &[LitStr]) -> Option<Tokens> {
    let variant = match kind {
        "exclusive" => "Exclusive",
        "together" => "Together",
        "one_of" => "OneOf",
        "required_if" => {
            let [name, value, needed @ ..] = names else { return None };
            return Some(quote!(crate::kit::Rule::If(#name, #value, &[#(#needed),*])));
        }
        "required_by" => {
            let [name, needed @ ..] = names else { return None };
            return Some(quote!(crate::kit::Rule::By(#name, &[#(#needed),*])));
        }
        _ => return None,
    };
    let variant = format_ident!("{variant}");
    Some(quote!(crate::kit::Rule::#variant(&[#(#names),*])))
}

fn metas(attributes: &[Attribute], name: &str) -> syn::Result<Vec<Meta>> {
    let mut all = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(name)) {
        all.extend(attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)?);
    }
    Ok(all)
}

fn text(expr: &Expr) -> syn::Result<LitStr> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text.clone()),
        other => Err(syn::Error::new_spanned(other, "this is text")),
    }
}

/// A default as the spec keeps it: JSON, or plain text.
fn literal(expr: &Expr) -> syn::Result<String> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text.value()),
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => Ok(number.base10_digits().to_owned()),
        Expr::Lit(ExprLit { lit: Lit::Float(number), .. }) => Ok(number.base10_digits().to_owned()),
        Expr::Lit(ExprLit { lit: Lit::Bool(flag), .. }) => Ok(flag.value.to_string()),
        other => Err(syn::Error::new_spanned(other, "a default is text, a number or a boolean")),
    }
}

fn option(text: Option<&String>) -> Tokens {
    text.map_or_else(|| quote!(None), |text| quote!(Some(#text)))
}

/// The doc comment, its lines joined, the one leading space of each removed; nothing without the feature `docs`.
fn doc_text(attributes: &[Attribute]) -> Tokens {
    let lines: Vec<String> = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) => text(&pair.value).ok(),
            _ => None,
        })
        .map(|line| {
            let line = line.value();
            line.strip_prefix(' ').unwrap_or(&line).to_owned()
        })
        .collect();
    let text = lines.join("\n");
    quote!(if cfg!(feature = "docs") { #text } else { "" })
}

/// `GetUrl` → `get_url`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
