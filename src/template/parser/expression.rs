//! Expressions, from the loosest binding to the tightest.

use super::{
    super::{
        Syntax, Template, TemplateError,
        ast::{Arguments, Binary, Compare, Expr, ExprKind, If, Unary},
        token::{self, Kind},
    },
    Parser,
};
use crate::value::{Str, Value};

impl Parser<'_> {
    /// A whole expression, an inline `if` included.
    pub(super) fn expr(&mut self) -> Result<Expr, TemplateError> {
        self.deeper(|parser| {
            let mut expr = parser.or()?;
            while parser.is_name("if") {
                let at = parser.at();
                parser.advance();
                let condition = parser.or()?;
                let otherwise = if parser.skip_name("else") { Some(parser.expr()?) } else { None };
                expr = parser.node(at, ExprKind::If(Box::new(If { condition, then: expr, otherwise })))?;
            }
            Ok(expr)
        })
    }

    /// An expression without inline `if`.
    pub(super) fn or(&mut self) -> Result<Expr, TemplateError> {
        let mut left = self.and()?;
        while self.is_name("or") {
            let at = self.at();
            self.advance();
            let right = self.and()?;
            left = self.node(at, ExprKind::Or(Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expr, TemplateError> {
        let mut left = self.not()?;
        while self.is_name("and") {
            let at = self.at();
            self.advance();
            let right = self.not()?;
            left = self.node(at, ExprKind::And(Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Expr, TemplateError> {
        if self.is_name("not") {
            let at = self.at();
            self.advance();
            let operand = self.deeper(Self::not)?;
            return self.node(at, ExprKind::Unary(Unary::Not, Box::new(operand)));
        }
        self.compare()
    }

    fn compare(&mut self) -> Result<Expr, TemplateError> {
        let first = self.sum()?;
        let mut rest = Vec::new();
        loop {
            let operator = match self.peek() {
                Kind::Symbol("==") => Compare::Equal,
                Kind::Symbol("!=") => Compare::Unequal,
                Kind::Symbol("<") => Compare::Less,
                Kind::Symbol("<=") => Compare::LessEqual,
                Kind::Symbol(">") => Compare::Greater,
                Kind::Symbol(">=") => Compare::GreaterEqual,
                Kind::Name(name) if **name == *"in" => Compare::In,
                Kind::Name(name) if **name == *"not" => {
                    if !matches!(self.peek_second(), Kind::Name(name) if **name == *"in") {
                        break;
                    }
                    self.advance();
                    Compare::NotIn
                }
                _ => break,
            };
            self.advance();
            rest.push((operator, self.sum()?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        let at = first.at;
        self.node(at, ExprKind::Compare(Box::new(first), rest))
    }

    fn sum(&mut self) -> Result<Expr, TemplateError> {
        let mut left = self.concat()?;
        loop {
            let operator = match self.peek() {
                Kind::Symbol("+") => Binary::Add,
                Kind::Symbol("-") => Binary::Subtract,
                _ => return Ok(left),
            };
            left = self.binary(operator, left, Self::concat)?;
        }
    }

    fn concat(&mut self) -> Result<Expr, TemplateError> {
        let first = self.product()?;
        if !self.is_symbol("~") {
            return Ok(first);
        }
        let at = first.at;
        let mut parts = vec![first];
        while self.skip_symbol("~") {
            parts.push(self.product()?);
        }
        self.node(at, ExprKind::Concat(parts))
    }

    fn product(&mut self) -> Result<Expr, TemplateError> {
        let mut left = self.power()?;
        loop {
            let operator = match self.peek() {
                Kind::Symbol("*") => Binary::Multiply,
                Kind::Symbol("/") => Binary::Divide,
                Kind::Symbol("//") => Binary::FloorDivide,
                Kind::Symbol("%") => Binary::Modulo,
                _ => return Ok(left),
            };
            left = self.binary(operator, left, Self::power)?;
        }
    }

    fn power(&mut self) -> Result<Expr, TemplateError> {
        let mut left = self.unary(true)?;
        while self.is_symbol("**") {
            left = self.binary(Binary::Power, left, |parser| parser.unary(true))?;
        }
        Ok(left)
    }

    fn binary(
        &mut self,
        operator: Binary,
        left: Expr,
        parse: impl FnOnce(&mut Self) -> Result<Expr, TemplateError>,
    ) -> Result<Expr, TemplateError> {
        let at = left.at;
        self.advance();
        let right = parse(self)?;
        self.node(at, ExprKind::Binary(operator, Box::new(left), Box::new(right)))
    }

    fn unary(&mut self, with_filters: bool) -> Result<Expr, TemplateError> {
        let at = self.at();
        let operator = match self.peek() {
            Kind::Symbol("-") => Some(Unary::Minus),
            Kind::Symbol("+") => Some(Unary::Plus),
            _ => None,
        };
        let expr = match operator {
            Some(operator) => {
                self.advance();
                let operand = self.deeper(|parser| parser.unary(false))?;
                self.node(at, ExprKind::Unary(operator, Box::new(operand)))?
            }
            None => self.primary()?,
        };
        let expr = self.postfix(expr)?;
        if with_filters { self.filters_and_tests(expr) } else { Ok(expr) }
    }

    fn primary(&mut self) -> Result<Expr, TemplateError> {
        let at = self.at();
        let kind = match self.peek().clone() {
            Kind::Name(name) => {
                self.advance();
                match &*name {
                    "true" | "True" => ExprKind::Const(Value::Bool(true)),
                    "false" | "False" => ExprKind::Const(Value::Bool(false)),
                    "none" | "None" => ExprKind::Const(Value::None),
                    _ => ExprKind::Name(name),
                }
            }
            Kind::Text(mut text) => {
                self.advance();
                while let Kind::Text(more) = self.peek() {
                    text = format!("{text}{more}").into();
                    self.advance();
                }
                if self.embedded && !Template::is_plain(&text) {
                    let span = token::place(self.text, self.span, at);
                    ExprKind::Embedded(Box::new(Template::compile(&text, &span, &Syntax::default())?))
                } else {
                    ExprKind::Const(Value::Str(text))
                }
            }
            Kind::Number(number) => {
                self.advance();
                ExprKind::Const(number)
            }
            Kind::Symbol("(") => {
                self.advance();
                let expr = if self.is_symbol(")") {
                    self.node(at, ExprKind::Tuple(Vec::new()))?
                } else {
                    self.tuple(true, |parser| parser.is_symbol(")"))?
                };
                self.symbol(")")?;
                return Ok(expr);
            }
            Kind::Symbol("[") => {
                self.advance();
                let mut items = Vec::new();
                while !self.is_symbol("]") {
                    items.push(self.expr()?);
                    if !self.is_symbol("]") {
                        self.symbol(",")?;
                    }
                }
                self.advance();
                ExprKind::List(items)
            }
            Kind::Symbol("{") => {
                self.advance();
                let mut entries = Vec::new();
                while !self.is_symbol("}") {
                    let key = self.expr()?;
                    self.symbol(":")?;
                    entries.push((key, self.expr()?));
                    if !self.is_symbol("}") {
                        self.symbol(",")?;
                    }
                }
                self.advance();
                ExprKind::Dict(entries)
            }
            _ => return Err(self.unexpected()),
        };
        self.node(at, kind)
    }

    /// Expressions with commas between them make a tuple; a single one is itself.
    pub(super) fn tuple(&mut self, inline_if: bool, end: impl Fn(&Self) -> bool) -> Result<Expr, TemplateError> {
        let at = self.at();
        let one = |parser: &mut Self| if inline_if { parser.expr() } else { parser.deeper(Self::or) };
        let first = one(self)?;
        if !self.is_symbol(",") {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.skip_symbol(",") {
            if end(self) || matches!(self.peek(), Kind::VariableEnd | Kind::BlockEnd | Kind::End) {
                break;
            }
            items.push(one(self)?);
        }
        self.node(at, ExprKind::Tuple(items))
    }

    fn postfix(&mut self, mut expr: Expr) -> Result<Expr, TemplateError> {
        loop {
            let at = expr.at;
            expr = match self.peek() {
                Kind::Symbol(".") => {
                    self.advance();
                    match self.advance() {
                        Kind::Name(name) => self.node(at, ExprKind::Attribute(Box::new(expr), name))?,
                        Kind::Number(number @ Value::Int(_)) => {
                            let index = self.node(at, ExprKind::Const(number))?;
                            self.node(at, ExprKind::Item(Box::new(expr), Box::new(index)))?
                        }
                        _ => {
                            self.next -= 1;
                            return Err(self.error("expected name or number"));
                        }
                    }
                }
                Kind::Symbol("[") => {
                    self.advance();
                    let expr = self.subscript(expr)?;
                    self.symbol("]")?;
                    expr
                }
                Kind::Symbol("(") => self.call(expr)?,
                _ => return Ok(expr),
            };
        }
    }

    fn subscript(&mut self, expr: Expr) -> Result<Expr, TemplateError> {
        let at = expr.at;
        let mut bounds = [None, None, None];
        let mut colons = 0;
        loop {
            if self.is_symbol(":") && colons < 2 {
                self.advance();
                colons += 1;
            } else if self.is_symbol("]") || self.is_symbol(",") {
                break;
            } else if bounds[colons].is_none() {
                bounds[colons] = Some(self.expr()?);
            } else {
                return Err(self.expected("]"));
            }
        }
        if colons > 0 {
            return self.node(at, ExprKind::Slice(Box::new(expr), Box::new(bounds)));
        }
        let [Some(first), ..] = bounds else {
            let index = self.node(at, ExprKind::Tuple(Vec::new()))?;
            return self.node(at, ExprKind::Item(Box::new(expr), Box::new(index)));
        };
        let mut items = vec![first];
        while self.skip_symbol(",") {
            items.push(self.expr()?);
        }
        let index = match items.pop() {
            Some(only) if items.is_empty() => only,
            last => {
                items.extend(last);
                self.node(at, ExprKind::Tuple(items))?
            }
        };
        self.node(at, ExprKind::Item(Box::new(expr), Box::new(index)))
    }

    pub(super) fn call(&mut self, callee: Expr) -> Result<Expr, TemplateError> {
        let at = callee.at;
        let is_lookup = matches!(&callee.kind, ExprKind::Name(name) if matches!(&**name, "lookup" | "query" | "q"));
        let outside = self.embedded;
        self.embedded |= is_lookup;
        let arguments = self.arguments();
        self.embedded = outside;
        let arguments = arguments?;
        self.node(at, ExprKind::Call(Box::new(callee), arguments))
    }

    fn arguments(&mut self) -> Result<Arguments, TemplateError> {
        self.symbol("(")?;
        let mut arguments = Arguments::default();
        while !self.is_symbol(")") {
            let at = self.at();
            let double = arguments.double_star.is_some();
            if self.skip_symbol("*") {
                if arguments.star.is_some() || double {
                    return Err(self.error_at("invalid syntax for function call expression", at));
                }
                arguments.star = Some(Box::new(self.expr()?));
            } else if self.skip_symbol("**") {
                if double {
                    return Err(self.error_at("invalid syntax for function call expression", at));
                }
                arguments.double_star = Some(Box::new(self.expr()?));
            } else if matches!(self.peek(), Kind::Name(_)) && matches!(self.peek_second(), Kind::Symbol("=")) && !double
            {
                let name = self.name()?;
                self.advance();
                if arguments.named.iter().any(|(known, _)| *known == name) {
                    return Err(self.error_at(format!("keyword argument repeated: {name}"), at));
                }
                arguments.named.push((name, self.expr()?));
            } else if arguments.star.is_none() && !double && arguments.named.is_empty() {
                arguments.positional.push(self.expr()?);
            } else {
                return Err(self.error_at("invalid syntax for function call expression", at));
            }
            if !self.is_symbol(")") {
                self.symbol(",")?;
            }
        }
        self.advance();
        Ok(arguments)
    }

    fn filters_and_tests(&mut self, mut expr: Expr) -> Result<Expr, TemplateError> {
        loop {
            expr = match self.peek() {
                Kind::Symbol("|") => {
                    self.advance();
                    self.filter(Some(expr))?
                }
                Kind::Name(name) if **name == *"is" => {
                    self.advance();
                    self.test(expr)?
                }
                // After a filter or test, as `x | f()()`.
                Kind::Symbol("(") => self.call(expr)?,
                _ => return Ok(expr),
            };
        }
    }

    /// A filter after its `|`, and those that follow it when it starts a block.
    pub(super) fn filter(&mut self, value: Option<Expr>) -> Result<Expr, TemplateError> {
        let at = self.at();
        let name = self.dotted_name()?;
        let arguments = if self.is_symbol("(") { self.arguments()? } else { Arguments::default() };
        self.node(at, ExprKind::Filter(value.map(Box::new), name, arguments))
    }

    /// One or more filters with nothing before the first.
    pub(super) fn filter_chain(&mut self) -> Result<Expr, TemplateError> {
        let mut expr = self.filter(None)?;
        while self.skip_symbol("|") {
            expr = self.filter(Some(expr))?;
        }
        Ok(expr)
    }

    fn dotted_name(&mut self) -> Result<Str, TemplateError> {
        let mut name = self.name()?;
        while self.is_symbol(".") {
            self.advance();
            name = format!("{name}.{}", self.name()?).into();
        }
        Ok(name)
    }

    fn test(&mut self, value: Expr) -> Result<Expr, TemplateError> {
        let negated = self.skip_name("not");
        let at = self.at();
        let name = self.dotted_name()?;
        let mut arguments = Arguments::default();
        match self.peek() {
            Kind::Symbol("(") => arguments = self.arguments()?,
            Kind::Name(next) if matches!(&**next, "else" | "or" | "and") => {}
            Kind::Name(next) if **next == *"is" => {
                return Err(self.error("You cannot chain multiple tests with is"));
            }
            Kind::Name(_) | Kind::Text(_) | Kind::Number(_) | Kind::Symbol("[" | "{") => {
                let argument = self.primary()?;
                arguments.positional.push(self.postfix(argument)?);
            }
            _ => {}
        }
        self.node(at, ExprKind::Test(Box::new(value), name, arguments, negated))
    }
}
