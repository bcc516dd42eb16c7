//! Text to expressions: `"2 * free_memory / total_memory - 10 * tasks"`, `"zone in ['a', 'b'] and free_cpu >= 256"`.
//!
//! From the loosest to the tightest: `or`, `and`, `not`, one comparison or `in`, `+ -`, `* / %`, unary minus. Operators
//! of one kind are taken from left to right. A host that has no value of an attribute is equal to none: `rack != 'r7'`
//! is true of it.

mod token;

use std::collections::BTreeSet;
use std::ops::Range;

use seatrial_sim::placement::expression::{
    ALL, Binary, Comparison, Condition, ConditionTree, Logic, Number, NumberTree, Unary, Undefined, What,
};

use super::{nearest, quoted, suggestion, suggestion_of_all};
use token::{Token, WRITE_IF, is_of_name, token};

/// More characters than anybody reads.
const MOST_CHARS: usize = 1_000;

/// More levels than anybody reads; each is a few calls deep.
const MOST_LEVELS: u32 = 64;

/// A number from a text.
pub(crate) fn number(text: &str, scope: &Scope) -> Result<Number, Wrong> {
    Ok(Number::new(Parser::whole(text, scope)?.number()?)?)
}

/// A condition from a text.
pub(crate) fn condition(text: &str, scope: &Scope) -> Result<Condition, Wrong> {
    Ok(Condition::new(Parser::whole(text, scope)?.condition()?)?)
}

/// What names mean, besides the variables that every host has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope<'a> {
    /// What differs from class to class.
    pub classes: &'a Classes,
    /// Numbers that the scenario gives names to.
    pub parameters: &'a [(String, f64)],
}

/// What is known of the classes; a class is a pair of host group and zone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Classes {
    /// Each attribute with its value by class, where the class has one. `zone` and `group` are two of them.
    pub attributes: Vec<(String, Vec<Option<String>>)>,
}

/// Why a text is no such expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// The place in the text, in bytes; empty where something is missing.
    pub at: Range<usize>,
    /// What was found.
    pub message: String,
    /// What would do.
    pub help: Option<String>,
}

impl Wrong {
    fn new(at: &Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { at: at.clone(), message: message.into(), help: Some(help.into()) }
    }
}

/// What is undefined whatever the host.
impl From<Undefined> for Wrong {
    fn from(undefined: Undefined) -> Self {
        let help = match undefined.what {
            What::DivisionByZero => {
                "where a divisor may be zero, ask before: if(total_gpus > 0, tasks / total_gpus, 0)"
            }
            What::RootOfNegative => "write sqrt(max(0, number))",
            What::NotFinite => "numbers go up to 1.7e308",
        };
        Self::new(&(undefined.at.start as usize..undefined.at.end as usize), undefined.to_string(), help)
    }
}

/// Every function, and how it is written.
const FUNCTIONS: [(&str, Function, &str); 9] = [
    ("if", Function::If, "if(condition, number, number)"),
    ("min", Function::Fold(Binary::Min), "min(number, number, ..)"),
    ("max", Function::Fold(Binary::Max), "max(number, number, ..)"),
    ("abs", Function::Unary(Unary::Abs), "abs(number)"),
    ("floor", Function::Unary(Unary::Floor), "floor(number)"),
    ("ceil", Function::Unary(Unary::Ceil), "ceil(number)"),
    ("round", Function::Unary(Unary::Round), "round(number)"),
    ("sqrt", Function::Unary(Unary::Sqrt), "sqrt(number)"),
    ("attribute", Function::Attribute, "attribute('name')"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Function {
    If,
    Fold(Binary),
    Unary(Unary),
    Attribute,
}

/// Every operator between two operands, with how tightly it binds.
const OPERATORS: [(&str, Operator, u8); 14] = [
    ("or", Operator::Logic(Logic::Or), 1),
    ("and", Operator::Logic(Logic::And), 2),
    ("in", Operator::In, COMPARISON),
    ("<", Operator::Comparison(Comparison::Less), COMPARISON),
    ("<=", Operator::Comparison(Comparison::AtMost), COMPARISON),
    (">", Operator::Comparison(Comparison::More), COMPARISON),
    (">=", Operator::Comparison(Comparison::AtLeast), COMPARISON),
    ("==", Operator::Comparison(Comparison::Equal), COMPARISON),
    ("!=", Operator::Comparison(Comparison::Different), COMPARISON),
    ("+", Operator::Binary(Binary::Add), SUM),
    ("-", Operator::Binary(Binary::Subtract), SUM),
    ("*", Operator::Binary(Binary::Multiply), SUM + 1),
    ("/", Operator::Binary(Binary::Divide), SUM + 1),
    ("%", Operator::Binary(Binary::Remainder), SUM + 1),
];

/// How tightly comparisons bind, and with them the operand of a `not`.
const COMPARISON: u8 = 3;
const SUM: u8 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Logic(Logic),
    In,
    Comparison(Comparison),
    Binary(Binary),
}

const COMPARE_NUMBER: &str = "compare it: free_cpu >= 256";
const LISTS: &str = "write zone in ['a', 'b'], tasks in [1, 2]";
const COMPARE_TEXT: &str = "compare it: zone == 'a', zone in ['a', 'b']";

/// A part of the expression that is understood, and its place.
struct Part {
    kind: Kind,
    at: Range<usize>,
}

enum Kind {
    Number(NumberTree),
    Condition(ConditionTree),
    /// The position of an attribute, whose values are texts.
    Attribute(usize),
    /// A text in quotes.
    Text(String),
    /// What a number or an attribute may be one of; not empty.
    List(Vec<Part>),
}

impl Part {
    fn number(self) -> Result<NumberTree, Wrong> {
        let (found, help) = match self.kind {
            Kind::Number(tree) => return Ok(tree),
            Kind::Condition(_) => ("a condition", WRITE_IF),
            Kind::List(_) => ("a list", LISTS),
            Kind::Attribute(_) | Kind::Text(_) => ("text", "make a number of it: if(zone == 'a', 1, 0)"),
        };
        Err(Wrong::new(&self.at, format!("{found}, where a number is needed"), help))
    }

    fn condition(self) -> Result<ConditionTree, Wrong> {
        let (found, help) = match self.kind {
            Kind::Condition(tree) => return Ok(tree),
            Kind::Number(_) => ("a number", COMPARE_NUMBER),
            Kind::List(_) => ("a list", LISTS),
            Kind::Attribute(_) | Kind::Text(_) => ("text", COMPARE_TEXT),
        };
        Err(Wrong::new(&self.at, format!("{found}, where a condition is needed"), help))
    }
}

/// Reads from left to right, one token ahead.
struct Parser<'t> {
    text: &'t str,
    scope: &'t Scope<'t>,
    token: Token<'t>,
    /// Where the token is.
    at: Range<usize>,
    /// How deep the operand is that is being read.
    level: u32,
}

/// A bracket that is open: what closes it, and where it is.
type Open = (&'static str, Range<usize>);

impl<'t> Parser<'t> {
    /// The only expression in a text.
    fn whole(text: &'t str, scope: &'t Scope<'t>) -> Result<Part, Wrong> {
        let everything = 0..text.len();
        let chars = text.chars().count();
        if chars > MOST_CHARS {
            let help = format!("write at most {MOST_CHARS}; numbers that are used often can be parameters");
            return Err(Wrong::new(&everything, format!("{chars} characters"), help));
        }
        if text.trim().is_empty() {
            let help = "write an expression: \"free_cpu - 10 * tasks\", \"free_cpu >= 256\"";
            return Err(Wrong::new(&everything, "an empty text", help));
        }
        let mut parser = Self { text, scope, token: Token::End, at: 0..0, level: 0 };
        parser.advance()?;
        let part = parser.expression(0)?;
        if parser.token == Token::End { Ok(part) } else { Err(parser.misplaced(None)) }
    }

    /// Operands with operators between them that bind at least so tightly.
    fn expression(&mut self, least: u8) -> Result<Part, Wrong> {
        let mut left = self.operand()?;
        let mut compared = false;
        while let Some((operator, tightness)) = self.operator().filter(|(_, tightness)| *tightness >= least) {
            if compared && tightness == COMPARISON {
                return Err(Wrong::new(&self.at, "a second comparison", "join them: 0 < tasks and tasks < 3"));
            }
            compared = tightness == COMPARISON;
            self.advance()?;
            let right = self.expression(tightness + 1)?;
            left = self.joined(left, operator, right)?;
        }
        Ok(left)
    }

    /// The operator that comes next, and how tightly it binds.
    fn operator(&self) -> Option<(Operator, u8)> {
        let (Token::Name(text) | Token::Symbol(text)) = self.token else { return None };
        OPERATORS.iter().find(|(name, ..)| *name == text).map(|(_, operator, tightness)| (*operator, *tightness))
    }

    /// What stands between operators.
    fn operand(&mut self) -> Result<Part, Wrong> {
        if self.level > MOST_LEVELS {
            let message = format!("more than {MOST_LEVELS} levels");
            return Err(Wrong::new(&self.at, message, "write it with fewer brackets in one another"));
        }
        self.level += 1;
        let part = self.operand_here();
        self.level -= 1;
        part
    }

    fn operand_here(&mut self) -> Result<Part, Wrong> {
        let (token, at) = (self.token, self.at.clone());
        let kind = match token {
            Token::Number(value) => Kind::Number(NumberTree::Constant(value)),
            Token::Text(text) => Kind::Text(text.into()),
            Token::Symbol("-") => {
                self.advance()?;
                let of = self.operand()?;
                let all = at.start..of.at.end;
                return Ok(Part { kind: unary(Unary::Negate, of.number()?, &all), at: all });
            }
            Token::Name("not") => {
                self.advance()?;
                let of = self.expression(COMPARISON)?;
                let all = at.start..of.at.end;
                return Ok(Part { kind: Kind::Condition(ConditionTree::Not(Box::new(of.condition()?))), at: all });
            }
            Token::Symbol("(") => {
                self.advance()?;
                let inner = self.expression(0)?;
                let end = self.close(&(")", at.clone()))?;
                return Ok(Part { at: at.start..end, ..inner });
            }
            Token::Symbol("[") => {
                let (elements, end) = self.list("]")?;
                let at = at.start..end;
                if elements.is_empty() {
                    return Err(Wrong::new(&at, "an empty list", LISTS));
                }
                return Ok(Part { kind: Kind::List(elements), at });
            }
            Token::Name(name) if self.operator().is_none() => {
                self.advance()?;
                if self.token == Token::Symbol("(") {
                    return self.call(name, &at);
                }
                let kind = self.named(name, &at)?;
                return Ok(Part { kind, at });
            }
            Token::Name(_) | Token::Symbol(_) | Token::End => return Err(self.missing_operand()),
        };
        self.advance()?;
        Ok(Part { kind, at })
    }

    /// What a name stands for.
    fn named(&self, name: &str, at: &Range<usize>) -> Result<Kind, Wrong> {
        if let "true" | "false" = name {
            return Ok(Kind::Condition(ConditionTree::Constant(name == "true")));
        }
        let variable = ALL.iter().find(|(known, ..)| *known == name).map(|(_, variable, _)| *variable);
        let attribute = self.attribute(name);
        let parameter = self.scope.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
        match (variable, attribute, parameter) {
            (None, None, Some(value)) if value.is_finite() => Ok(Kind::Number(NumberTree::Constant(value))),
            (None, None, Some(value)) => {
                Err(Wrong::new(at, format!("the parameter {} is {value}", quoted(name)), "give it a finite number"))
            }
            (Some(_), _, Some(_)) | (_, Some(_), Some(_)) => {
                let other = if variable.is_some() { "a variable" } else { "an attribute" };
                let message = format!("{} is {other} and a parameter", quoted(name));
                Err(Wrong::new(at, message, "give the parameter another name"))
            }
            // An attribute of the same name can be written as attribute('tasks').
            (Some(variable), _, None) => Ok(Kind::Number(NumberTree::Variable(variable))),
            (None, Some(position), None) => Ok(Kind::Attribute(position)),
            (None, None, None) => Err(self.unknown(name, at)),
        }
    }

    fn unknown(&self, name: &str, at: &Range<usize>) -> Wrong {
        if let Some((.., usage)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) {
            return Wrong::new(at, format!("{} is a function", quoted(name)), format!("write {usage}"));
        }
        let message = format!("there is no {}", quoted(name));
        // What was meant as a part of a name, `instance` of `instance-type`.
        let is_start = |known: &&str| known.strip_prefix(name).is_some_and(|rest| !rest.starts_with(is_of_name));
        if let Some(known) = self.attribute_names().find(is_start) {
            return Wrong::new(at, message, format!("write {}", attribute_in_quotes(known)));
        }
        let parameters = self.scope.parameters.iter().map(|(name, _)| name.as_str());
        let variables = ALL.iter().map(|(name, ..)| *name);
        let names: Vec<_> = parameters.chain(self.attribute_names()).chain(variables).collect();
        Wrong::new(at, message, suggestion_of_all(name, &names))
    }

    fn attribute(&self, name: &str) -> Option<usize> {
        self.scope.classes.attributes.iter().position(|(known, _)| known == name)
    }

    fn attribute_names(&self) -> impl Iterator<Item = &'t str> {
        self.scope.classes.attributes.iter().map(|(name, _)| name.as_str())
    }

    /// A function, whose bracket comes next.
    fn call(&mut self, name: &str, at: &Range<usize>) -> Result<Part, Wrong> {
        let Some((_, function, usage)) = FUNCTIONS.iter().find(|(known, ..)| *known == name) else {
            let names = FUNCTIONS.map(|(known, ..)| known);
            return Err(Wrong::new(at, format!("there is no function {}", quoted(name)), suggestion(name, &names)));
        };
        let (arguments, end) = self.list(")")?;
        let at = at.start..end;
        let found = arguments.len();
        let wrong_count = |needed: &str| {
            let were = if found == 1 { "was 1" } else { &format!("were {found}") };
            Wrong::new(&at, format!("{name} takes {needed}, and there {were}"), format!("write {usage}"))
        };
        let kind = match function {
            Function::If => {
                let [condition, yes, no] =
                    <[Part; 3]>::try_from(arguments).map_err(|_| wrong_count("a condition and two numbers"))?;
                let condition = condition.condition()?;
                Kind::Number(NumberTree::If(Box::new(condition), Box::new([yes.number()?, no.number()?])))
            }
            Function::Fold(binary) => {
                let mut numbers = arguments.into_iter().map(Part::number);
                let first = numbers.next().filter(|_| found > 1);
                let mut tree = first.ok_or_else(|| wrong_count("two numbers or more"))??;
                for number in numbers {
                    tree = NumberTree::Binary(*binary, Box::new([tree, number?]), in_text(&at));
                }
                Kind::Number(tree)
            }
            Function::Unary(operation) => {
                let [of] = <[Part; 1]>::try_from(arguments).map_err(|_| wrong_count("one number"))?;
                unary(*operation, of.number()?, &at)
            }
            Function::Attribute => {
                let [of] = <[Part; 1]>::try_from(arguments).map_err(|_| wrong_count("one name in quotes"))?;
                let Kind::Text(name) = of.kind else {
                    return Err(Wrong::new(&of.at, "a name in quotes is needed", format!("write {usage}")));
                };
                let position = self.attribute(&name).ok_or_else(|| {
                    let names: Vec<_> = self.attribute_names().collect();
                    let message = format!("no host has an attribute {}", quoted(&name));
                    Wrong::new(&of.at, message, suggestion_of_all(&name, &names))
                })?;
                Kind::Attribute(position)
            }
        };
        Ok(Part { kind, at })
    }

    /// Expressions with commas between them, from their bracket to the one that closes it; and where that ends.
    fn list(&mut self, closing: &'static str) -> Result<(Vec<Part>, usize), Wrong> {
        let open = (closing, self.at.clone());
        self.advance()?;
        let mut parts = Vec::new();
        if self.token != Token::Symbol(closing) {
            parts.push(self.expression(0)?);
            while self.token == Token::Symbol(",") {
                self.advance()?;
                parts.push(self.expression(0)?);
            }
        }
        let end = self.close(&open)?;
        Ok((parts, end))
    }

    /// Goes past the bracket that closes an open one, and gives its end.
    fn close(&mut self, open: &Open) -> Result<usize, Wrong> {
        if self.token != Token::Symbol(open.0) {
            return Err(self.misplaced(Some(open)));
        }
        let end = self.at.end;
        self.advance()?;
        Ok(end)
    }

    /// Two operands and the operator between them.
    fn joined(&self, left: Part, operator: Operator, right: Part) -> Result<Part, Wrong> {
        let at = left.at.start..right.at.end;
        let kind = match operator {
            Operator::Logic(logic) => {
                Kind::Condition(ConditionTree::Both(logic, Box::new([left.condition()?, right.condition()?])))
            }
            Operator::Binary(binary) => {
                Kind::Number(NumberTree::Binary(binary, Box::new([left.number()?, right.number()?]), in_text(&at)))
            }
            Operator::Comparison(comparison) => Kind::Condition(self.compared(left, comparison, right)?),
            Operator::In => Kind::Condition(self.within(left, right)?),
        };
        Ok(Part { kind, at })
    }

    /// Whether the left side is in the list on the right.
    fn within(&self, left: Part, right: Part) -> Result<ConditionTree, Wrong> {
        let Kind::List(elements) = right.kind else {
            return Err(Wrong::new(&right.at, "'in' needs a list", LISTS));
        };
        match left.kind {
            Kind::Number(tree) => {
                let constants = elements.into_iter().map(constant).collect::<Result<_, _>>()?;
                Ok(ConditionTree::OneOf(Box::new(tree), constants))
            }
            Kind::Attribute(attribute) => {
                let mut table = vec![false; self.scope.classes.attributes[attribute].1.len()];
                for Part { kind, at } in elements {
                    let Kind::Text(text) = kind else {
                        return Err(Wrong::new(&at, "an element that is not a text in quotes", LISTS));
                    };
                    let equal = self.equal_to(attribute, &text, &at)?;
                    table.iter_mut().zip(equal).for_each(|(found, equal)| *found |= equal);
                }
                Ok(ConditionTree::ByClass(table))
            }
            Kind::Text(_) => Err(constant_text(&left.at)),
            Kind::Condition(_) => Err(compared_condition(&left.at)),
            Kind::List(_) => Err(compared_list(&left.at)),
        }
    }

    fn compared(&self, left: Part, comparison: Comparison, right: Part) -> Result<ConditionTree, Wrong> {
        let at = left.at.start..right.at.end;
        let equal = match (left.kind, right.kind) {
            (Kind::Number(left), Kind::Number(right)) => {
                return Ok(ConditionTree::Compare(comparison, Box::new([left, right])));
            }
            (Kind::Condition(_), _) => return Err(compared_condition(&left.at)),
            (_, Kind::Condition(_)) => return Err(compared_condition(&right.at)),
            (Kind::List(_), _) => return Err(compared_list(&left.at)),
            (_, Kind::List(_)) => return Err(compared_list(&right.at)),
            (Kind::Number(_), _) | (_, Kind::Number(_)) => {
                let help = "compare numbers with numbers, and texts with texts in quotes";
                return Err(Wrong::new(&at, "a number compared with text", help));
            }
            _ if !matches!(comparison, Comparison::Equal | Comparison::Different) => {
                return Err(Wrong::new(&at, "texts have no order", "write '==', '!=' or 'in' between them"));
            }
            (Kind::Text(_), Kind::Text(_)) => return Err(constant_text(&at)),
            (Kind::Attribute(attribute), Kind::Text(text)) => self.equal_to(attribute, &text, &right.at)?,
            (Kind::Text(text), Kind::Attribute(attribute)) => self.equal_to(attribute, &text, &left.at)?,
            (Kind::Attribute(left), Kind::Attribute(right)) => {
                let [left, right] = [left, right].map(|attribute| &self.scope.classes.attributes[attribute].1);
                left.iter().zip(right).map(|(left, right)| left.is_some() && left == right).collect()
            }
        };
        let wanted = comparison == Comparison::Equal;
        Ok(ConditionTree::ByClass(equal.into_iter().map(|equal| equal == wanted).collect()))
    }

    /// In which classes an attribute has this value. One that no class has is a slip.
    fn equal_to(&self, attribute: usize, text: &str, at: &Range<usize>) -> Result<Vec<bool>, Wrong> {
        let (name, values) = &self.scope.classes.attributes[attribute];
        let equal: Vec<bool> = values.iter().map(|value| value.as_deref() == Some(text)).collect();
        if equal.contains(&true) {
            return Ok(equal);
        }
        let known: BTreeSet<&str> = values.iter().flatten().map(String::as_str).collect();
        let help = match known.len() {
            0 => format!("no host has a {}", quoted(name)),
            _ => suggestion(text, &known.into_iter().collect::<Vec<_>>()),
        };
        Err(Wrong::new(at, format!("no host's {} is {}", quoted(name), quoted(text)), help))
    }

    /// Something that stands where an operand should.
    fn missing_operand(&self) -> Wrong {
        let help = "write an operand: a number, a name, a text in quotes, or an expression in brackets";
        match self.token {
            Token::End => Wrong::new(&self.at, "an operand is missing at the end", help),
            _ => Wrong::new(&self.at, format!("an operand is missing before {}", self.found()), help),
        }
    }

    /// Something that stands where an operator, the end or the other bracket should.
    fn misplaced(&self, open: Option<&Open>) -> Wrong {
        let bracket = |(closing, _): &Open| if *closing == ")" { "'('" } else { "'['" };
        match (self.token, open) {
            (Token::End, Some(open)) => {
                Wrong::new(&open.1, format!("{} has no '{}'", bracket(open), open.0), "write one bracket for each")
            }
            (Token::Symbol(")" | "]"), Some(open)) => {
                let message = format!("{}, where '{}' closes {}", self.found(), open.0, bracket(open));
                Wrong::new(&self.at, message, "write one bracket for each")
            }
            (Token::Symbol(")" | "]"), None) => {
                Wrong::new(&self.at, format!("{} closes nothing", self.found()), "write one bracket for each")
            }
            (Token::Symbol(","), _) => {
                let help = "commas stand between arguments and in lists, ['a', 'b']; a number has a point: 0.5";
                Wrong::new(&self.at, "a comma", help)
            }
            (Token::Name("not"), _) => Wrong::new(&self.at, "'not' behind an operand", "write not zone in ['a', 'b']"),
            _ => {
                let word = self.text[self.at.clone()].to_ascii_lowercase();
                let help = match nearest(&word, OPERATORS.map(|(name, ..)| name)) {
                    Some(name) => format!("did you mean '{name}'?"),
                    None => format!("there are: {}", OPERATORS.map(|(name, ..)| name).join(" ")),
                };
                Wrong::new(&self.at, format!("an operator is missing before {}", self.found()), help)
            }
        }
    }

    /// The token as messages show it.
    fn found(&self) -> String {
        match self.token {
            Token::Text(text) => quoted(text),
            _ => quoted(&self.text[self.at.clone()]),
        }
    }

    /// Reads the next token.
    fn advance(&mut self) -> Result<(), Wrong> {
        let start = self.text.len() - self.text[self.at.end..].trim_start().len();
        let (token, length) = token(self.text, start)?;
        self.token = token;
        self.at = start..start + length;
        Ok(())
    }
}

fn unary(unary: Unary, of: NumberTree, at: &Range<usize>) -> Kind {
    Kind::Number(NumberTree::Unary(unary, Box::new(of), in_text(at)))
}

/// An element of a list of numbers, which is the same on every host.
fn constant(part: Part) -> Result<f64, Wrong> {
    let at = part.at.clone();
    Number::new(part.number()?)?
        .constant()
        .ok_or_else(|| Wrong::new(&at, "an element that differs from host to host", "write tasks == desired for those"))
}

fn constant_text(at: &Range<usize>) -> Wrong {
    Wrong::new(at, "no attribute to compare", "a text in quotes is compared with an attribute: zone == 'a'")
}

fn compared_list(at: &Range<usize>) -> Wrong {
    Wrong::new(at, "a list, where a number or a text is needed", LISTS)
}

fn compared_condition(at: &Range<usize>) -> Wrong {
    Wrong::new(at, "a condition, where a number or a text is needed", "join conditions with 'and', 'or' and 'not'")
}

/// A place in a text of at most 1,000 characters.
fn in_text(at: &Range<usize>) -> Range<u32> {
    at.start as u32..at.end as u32
}

fn attribute_in_quotes(name: &str) -> String {
    let quote = if name.contains('\'') { '"' } else { '\'' };
    format!("attribute({quote}{name}{quote})")
}

#[cfg(test)]
mod tests;
