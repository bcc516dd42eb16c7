//! The text of an expression as tokens: numbers, names, texts in quotes and signs.

use std::ops::Range;

use super::Wrong;
use crate::decode::quoted;

/// A piece of the text that is read as one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'t> {
    Number(f64),
    Name(&'t str),
    /// Without its quotes.
    Text(&'t str),
    Symbol(&'static str),
    End,
}

/// Every sign that is known, longer ones before those that they start with; and what to write for those of other
/// languages.
const SYMBOLS: [(&str, Option<&str>); 36] = [
    ("**", Some(NO_POWERS)),
    ("&&", Some("write 'and'")),
    ("||", Some("write 'or'")),
    ("//", Some("write floor(number / number)")),
    ("<>", Some("write '!='")),
    ("=<", Some("write '<='")),
    ("=>", Some("write '>='")),
    ("==", None),
    ("!=", None),
    ("<=", None),
    (">=", None),
    ("<", None),
    (">", None),
    ("+", None),
    ("-", None),
    ("*", None),
    ("/", None),
    ("%", None),
    ("(", None),
    (")", None),
    ("[", None),
    ("]", None),
    (",", None),
    ("=", Some("write '==' to compare")),
    ("!", Some("write 'not'")),
    ("&", Some("write 'and'")),
    ("|", Some("write 'or'")),
    ("^", Some(NO_POWERS)),
    ("?", Some(WRITE_IF)),
    (":", Some(WRITE_IF)),
    (";", Some(NO_STATEMENTS)),
    ("{", Some(NO_STATEMENTS)),
    ("}", Some(NO_STATEMENTS)),
    (".", Some("a number has a digit before its point: 0.5")),
    ("_", Some(NAMES)),
    ("\\", Some("a text ends at its quote, and no sign in it is special")),
];

/// Words that make statements in other languages.
const STATEMENTS: [&str; 8] = ["while", "for", "loop", "let", "return", "break", "fn", "def"];

const NO_STATEMENTS: &str = "a score or a constraint is one expression: it has no loops and no statements, so it \
                             always ends";
const NO_POWERS: &str = "there are no powers; write number * number";
pub(super) const WRITE_IF: &str = "write if(condition, number, number)";
const NAMES: &str = "a name starts with a letter from a to z and has letters, digits, '_' and '.'; of attributes with \
                     other names write attribute('name')";
const NUMBERS: &str = "write a plain number: 250, 0.5, 1e6; memory and disk are in MiB, cpu in units of 1/1024 vCPU";

/// The token that starts there, and its length in bytes.
pub(super) fn token(text: &str, start: usize) -> Result<(Token<'_>, usize), Wrong> {
    let rest = &text[start..];
    let Some(first) = rest.chars().next() else { return Ok((Token::End, 0)) };
    let wrong = |length: usize, message: String, help: &str| Wrong::new(&(start..start + length), message, help);
    let no_meaning = |length: usize, help| wrong(length, format!("{} has no meaning", quoted(&rest[..length])), help);
    if let '\'' | '"' = first {
        let Some(length) = rest[1..].find(first) else {
            return Err(wrong(rest.len(), format!("a text without a {first} at its end"), "write the quote: 'a'"));
        };
        return Ok((Token::Text(&rest[1..=length]), length + 2));
    }
    if first.is_ascii_digit() {
        let length = number_length(rest);
        return Ok((Token::Number(plain_number(&rest[..length], &(start..start + length))?), length));
    }
    if first.is_ascii_alphabetic() {
        let length = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
        let name = &rest[..length];
        let is_statement = STATEMENTS.contains(&name);
        return if is_statement { Err(no_meaning(length, NO_STATEMENTS)) } else { Ok((Token::Name(name), length)) };
    }
    match SYMBOLS.iter().find(|(symbol, _)| rest.starts_with(symbol)) {
        Some((symbol, None)) => Ok((Token::Symbol(symbol), symbol.len())),
        Some((symbol, Some(help))) => Err(no_meaning(symbol.len(), help)),
        None if first.is_alphabetic() => Err(no_meaning(first.len_utf8(), NAMES)),
        None => Err(no_meaning(first.len_utf8(), "write names, numbers, texts in quotes and operators")),
    }
}

/// Whether names can have this letter after their first.
pub(super) fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '.'
}

/// How many bytes are meant as one number. A sign belongs to it only in an exponent: `1e-3`.
fn number_length(text: &str) -> usize {
    let mut before = ' ';
    let ends = |c: char| {
        let signed = matches!(c, '+' | '-') && matches!(before, 'e' | 'E');
        before = c;
        !is_of_name(c) && !signed
    };
    text.find(ends).unwrap_or(text.len())
}

fn plain_number(text: &str, at: &Range<usize>) -> Result<f64, Wrong> {
    let value: f64 = text.parse().map_err(|_| Wrong::new(at, format!("{} is not a number", quoted(text)), NUMBERS))?;
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    match value {
        _ if value.is_infinite() => {
            Err(Wrong::new(at, format!("{} is too large", quoted(text)), "numbers go up to 1.7e308"))
        }
        0.0 if mantissa.contains(|digit| matches!(digit, '1'..='9')) => {
            Err(Wrong::new(at, format!("{} is too small", quoted(text)), "write 0, or a larger number"))
        }
        _ => Ok(value),
    }
}
