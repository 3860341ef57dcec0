//! The grammar of XPath 1.0, <https://www.w3.org/TR/1999/REC-xpath-19991116/>, as libxml2 reads it.

use super::super::cursor::{Cursor, starts_name};

/// How deep expressions may be in each other.
const DEPTH: usize = 60;

const INVALID: &str = "Invalid expression";

/// An expression.
#[derive(Debug)]
pub enum Expr {
    /// Two that an operator joins.
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// A number with its sign turned.
    Negated(Box<Expr>),
    /// A text.
    Literal(String),
    /// A number.
    Number(f64),
    /// A variable, of which there are none.
    Variable,
    /// A function with its arguments.
    Call(String, Vec<Expr>),
    /// A way to nodes.
    Path(Start, Vec<Step>),
    /// Those of some nodes for which this holds.
    Filtered(Box<Expr>, Vec<Expr>),
}

/// What joins two expressions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operator {
    /// `or`
    Or,
    /// `and`
    And,
    /// `=`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `div`
    Over,
    /// `mod`
    Modulo,
    /// `|`
    Union,
}

/// Where a path begins.
#[derive(Debug)]
pub enum Start {
    /// At the document.
    Top,
    /// At the node that is looked at.
    Here,
    /// At nodes that an expression finds.
    At(Box<Expr>),
}

/// One step of a path.
#[derive(Debug)]
pub struct Step {
    /// Where it goes.
    pub axis: Axis,
    /// What it takes there.
    pub test: Test,
    /// What has to hold for that.
    pub predicates: Vec<Expr>,
}

macro_rules! axes {
    ($($(#[$doc:meta])* $axis:ident = $name:literal),*) => {
        /// Where a step goes.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Axis { $($(#[$doc])* $axis),* }

        impl Axis {
            fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$axis),)* _ => None }
            }
        }
    };
}

axes! {
    /// What a node is in, and so on.
    Ancestor = "ancestor",
    /// The same with the node.
    AncestorOrSelf = "ancestor-or-self",
    /// Its attributes.
    Attribute = "attribute",
    /// What is right below it.
    Child = "child",
    /// What is below it.
    Descendant = "descendant",
    /// The same with the node.
    DescendantOrSelf = "descendant-or-self",
    /// What begins after its end.
    Following = "following",
    /// What follows beside it.
    FollowingSibling = "following-sibling",
    /// Namespaces, which nothing here has.
    Namespace = "namespace",
    /// What it is in.
    Parent = "parent",
    /// What ends before its beginning.
    Preceding = "preceding",
    /// What precedes beside it.
    PrecedingSibling = "preceding-sibling",
    /// Itself.
    Itself = "self"
}

/// What a step takes.
#[derive(Debug, PartialEq)]
pub enum Test {
    /// Everything.
    Node,
    /// Texts.
    Text,
    /// Comments.
    Comment,
    /// Instructions, those for a program or all.
    Instruction(Option<String>),
    /// Elements or attributes with a name or any, in the namespace of a prefix; without both all of them.
    Name(Option<String>, Option<String>),
}

/// The operators, the loosest first; no one may begin like one that stands before it.
const LEVELS: [&[(&str, Operator)]; 7] = [
    &[("or", Operator::Or)],
    &[("and", Operator::And)],
    &[("!=", Operator::Unequal), ("=", Operator::Equal)],
    &[("<=", Operator::AtMost), (">=", Operator::AtLeast), ("<", Operator::Less), (">", Operator::Greater)],
    &[("+", Operator::Plus), ("-", Operator::Minus)],
    &[("*", Operator::Times), ("div", Operator::Over), ("mod", Operator::Modulo)],
    &[("|", Operator::Union)],
];

/// How many levels are looser than the sign of a number.
const SIGN: usize = 6;

/// Reads an expression.
///
/// # Errors
/// libxml2's words for what is wrong.
pub fn parse(text: &str) -> Result<Expr, &'static str> {
    let mut parser = Parser { cursor: Cursor::new(text), depth: 0 };
    let expr = parser.expression()?;
    if parser.cursor.is_done() { Ok(expr) } else { Err(INVALID) }
}

struct Parser<'a> {
    cursor: Cursor<'a>,
    depth: usize,
}

impl Parser<'_> {
    fn expression(&mut self) -> Result<Expr, &'static str> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(INVALID);
        }
        let expr = self.level(0);
        self.depth -= 1;
        expr
    }

    fn level(&mut self, level: usize) -> Result<Expr, &'static str> {
        self.cursor.blanks();
        if level == SIGN && self.eat("-") {
            self.depth += 1;
            if self.depth > DEPTH {
                return Err(INVALID);
            }
            let expr = self.level(level);
            self.depth -= 1;
            return Ok(Expr::Negated(Box::new(expr?)));
        }
        let Some(operators) = LEVELS.get(level) else { return self.path() };
        let mut left = self.level(level + 1)?;
        loop {
            self.cursor.blanks();
            let Some((_, operator)) = operators.iter().find(|(text, _)| self.cursor.eat(text)) else { return Ok(left) };
            let right = self.level(level + 1)?;
            left = Expr::Binary(*operator, Box::new(left), Box::new(right));
        }
    }

    /// Goes behind a text and the white space after it, if it is next.
    fn eat(&mut self, text: &str) -> bool {
        let is_next = self.cursor.eat(text);
        if is_next {
            self.cursor.blanks();
        }
        is_next
    }

    fn path(&mut self) -> Result<Expr, &'static str> {
        if !self.is_primary()? {
            return self.location();
        }
        let primary = self.primary()?;
        let predicates = self.predicates()?;
        let filtered = if predicates.is_empty() { primary } else { Expr::Filtered(Box::new(primary), predicates) };
        if !self.cursor.rest().starts_with('/') {
            return Ok(filtered);
        }
        let mut steps = Vec::new();
        self.relative(&mut steps)?;
        Ok(Expr::Path(Start::At(Box::new(filtered)), steps))
    }

    /// Whether what is next is no path.
    fn is_primary(&self) -> Result<bool, &'static str> {
        let rest = self.cursor.rest();
        let first = rest.chars().next().ok_or(INVALID)?;
        if matches!(first, '(' | '"' | '\'' | '$') || first.is_ascii_digit() {
            return Ok(true);
        }
        if first == '.' {
            return Ok(rest[1..].starts_with(|letter: char| letter.is_ascii_digit()));
        }
        let mut ahead = Cursor::new(rest);
        let Some(name) = ahead.name() else { return Ok(false) };
        ahead.blanks();
        let is_type = matches!(name, "node" | "text" | "comment" | "processing-instruction");
        Ok(ahead.rest().starts_with('(') && !is_type && !name.contains("::"))
    }

    fn primary(&mut self) -> Result<Expr, &'static str> {
        let primary = if self.eat("(") {
            let inner = self.expression()?;
            self.cursor.blanks();
            self.cursor.eat(")").then_some(inner).ok_or(INVALID)?
        } else if self.cursor.eat("$") {
            self.cursor.name().ok_or("Expected $ for variable reference")?;
            Expr::Variable
        } else if self.cursor.rest().starts_with(['"', '\'']) {
            Expr::Literal(self.cursor.literal().ok_or("Unfinished literal")?.to_owned())
        } else if let Some(name) = self.cursor.name() {
            self.cursor.blanks();
            Expr::Call(name.to_owned(), self.arguments()?)
        } else {
            let digits = self.cursor.take_while(|letter| letter.is_ascii_digit() || letter == '.');
            Expr::Number(digits.parse().map_err(|_| INVALID)?)
        };
        self.cursor.blanks();
        Ok(primary)
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, &'static str> {
        let mut arguments = Vec::new();
        self.eat("(").then_some(()).ok_or(INVALID)?;
        // libxml2 lets the end of the text be the end of no arguments.
        while !(self.cursor.eat(")") || arguments.is_empty() && self.cursor.is_done()) {
            if !arguments.is_empty() && !self.eat(",") {
                return Err(INVALID);
            }
            arguments.push(self.expression()?);
            self.cursor.blanks();
        }
        Ok(arguments)
    }

    fn location(&mut self) -> Result<Expr, &'static str> {
        let mut steps = Vec::new();
        let is_absolute = self.cursor.rest().starts_with('/');
        if !is_absolute {
            self.relative(&mut steps)?;
            return Ok(Expr::Path(Start::Here, steps));
        }
        while self.cursor.rest().starts_with('/') {
            if self.eat("//") {
                steps.push(anywhere());
                self.relative(&mut steps)?;
            } else {
                self.eat("/");
                let begins = |letter| starts_name(letter) || matches!(letter, '.' | '@' | '*');
                if self.cursor.peek().is_some_and(begins) {
                    self.relative(&mut steps)?;
                }
            }
        }
        Ok(Expr::Path(Start::Top, steps))
    }

    fn relative(&mut self, steps: &mut Vec<Step>) -> Result<(), &'static str> {
        self.cursor.blanks();
        if self.eat("//") {
            steps.push(anywhere());
        } else {
            self.eat("/");
        }
        loop {
            steps.push(self.step()?);
            self.cursor.blanks();
            if self.eat("//") {
                steps.push(anywhere());
            } else if !self.eat("/") {
                return Ok(());
            }
        }
    }

    fn step(&mut self) -> Result<Step, &'static str> {
        if self.eat("..") {
            return Ok(Step { axis: Axis::Parent, test: Test::Node, predicates: Vec::new() });
        }
        if self.eat(".") {
            return Ok(Step { axis: Axis::Itself, test: Test::Node, predicates: Vec::new() });
        }
        let axis = if self.eat("@") { Axis::Attribute } else { self.axis()?.unwrap_or(Axis::Child) };
        let test = self.test()?;
        self.cursor.blanks();
        Ok(Step { axis, test, predicates: self.predicates()? })
    }

    fn axis(&mut self) -> Result<Option<Axis>, &'static str> {
        let mut ahead = Cursor::new(self.cursor.rest());
        let Some(name) = ahead.plain_name() else { return Ok(None) };
        ahead.blanks();
        if !ahead.eat("::") {
            return Ok(None);
        }
        let axis = Axis::named(name).ok_or(INVALID)?;
        self.cursor.skip(self.cursor.rest().len() - ahead.rest().len());
        self.cursor.blanks();
        Ok(Some(axis))
    }

    fn test(&mut self) -> Result<Test, &'static str> {
        if self.cursor.eat("*") {
            return Ok(Test::Name(None, None));
        }
        let name = self.cursor.plain_name().ok_or(INVALID)?.to_owned();
        if self.cursor.eat(":") {
            if self.cursor.eat("*") {
                return Ok(Test::Name(Some(name), None));
            }
            let local = self.cursor.plain_name().ok_or(INVALID)?.to_owned();
            return Ok(Test::Name(Some(name), Some(local)));
        }
        self.cursor.blanks();
        if !self.eat("(") {
            return Ok(Test::Name(None, Some(name)));
        }
        let test = match name.as_str() {
            "node" => Test::Node,
            "text" => Test::Text,
            "comment" => Test::Comment,
            "processing-instruction" if self.cursor.rest().starts_with(['"', '\'']) => {
                Test::Instruction(Some(self.cursor.literal().ok_or("Unfinished literal")?.to_owned()))
            }
            "processing-instruction" => Test::Instruction(None),
            _ => return Err(INVALID),
        };
        self.cursor.blanks();
        self.cursor.eat(")").then_some(test).ok_or(INVALID)
    }

    fn predicates(&mut self) -> Result<Vec<Expr>, &'static str> {
        let mut predicates = Vec::new();
        while self.eat("[") {
            predicates.push(self.expression()?);
            self.cursor.blanks();
            if !self.eat("]") {
                return Err("Invalid predicate");
            }
        }
        Ok(predicates)
    }
}

/// The step that `//` stands for.
fn anywhere() -> Step {
    Step { axis: Axis::DescendantOrSelf, test: Test::Node, predicates: Vec::new() }
}
