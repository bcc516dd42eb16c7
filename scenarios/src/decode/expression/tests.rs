//! Tests of expressions.

use std::cmp::Ordering;
use std::fmt::Write;

use proptest::prelude::*;
use seatrial_sim::placement::expression::Variable;

use super::*;

/// Values by class of four classes. Class 0 has no rack, and none has a shelf.
const ATTRIBUTES: [(&str, [&str; CLASSES]); 6] = [
    ("zone", ["a", "b", "a", "c"]),
    ("group", ["m5", "m5", "c4", "c"]),
    ("rack", ["", "r1", "r7", "r7"]),
    ("cpu.model", ["zen", "zen", "atom", "zen"]),
    ("instance-type", ["m5.large", "m5.large", "c4.large", "it's"]),
    ("shelf", ["", "", "", ""]),
];
const CLASSES: usize = 4;

fn classes() -> Classes {
    let value = |text: &str| (!text.is_empty()).then(|| text.to_string());
    let attributes = ATTRIBUTES.iter().map(|(name, values)| (name.to_string(), values.map(value).into()));
    Classes { attributes: attributes.collect() }
}

fn read<T>(text: &str, parse: impl Fn(&str, &Scope) -> Result<T, Wrong>) -> Result<T, Wrong> {
    let parameters = [("weight".into(), 2.5), ("nothing".into(), 0.0)];
    parse(text, &Scope { classes: &classes(), parameters: &parameters })
}

/// A host of 2,048 units and 8,192 MiB, half of both free; 3 tasks of the service, 5 of it in the zone; no gpus.
fn half_full(variable: Variable) -> f64 {
    match variable {
        Variable::TotalCpu => 2_048.0,
        Variable::TotalMemory => 8_192.0,
        Variable::FreeCpu => 1_024.0,
        Variable::FreeMemory => 4_096.0,
        Variable::Tasks => 3.0,
        Variable::ZoneTasks => 5.0,
        _ => 0.0,
    }
}

#[test]
fn scores_have_the_value_that_they_have_on_paper() {
    let table = [
        // 2 * 4096 / 8192 - 30 + 5
        ("2 * free_memory / total_memory - 10 * tasks + if(zone == 'a', 5, 0)", -24.0),
        ("7", 7.0),
        ("0.5", 0.5),
        ("1e3", 1_000.0),
        ("2.5e-1", 0.25),
        ("1e+2-1", 99.0),
        ("weight * 2", 5.0),
        ("nothing + 1", 1.0),
        // Products before sums; from left to right.
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("10 - 4 - 3", 3.0),
        ("10 - (4 - 3)", 9.0),
        ("24 / 4 / 2", 3.0),
        ("24 / (4 / 2)", 12.0),
        ("24 / 4 * 2", 12.0),
        // 7 % 4 = 3, 3 * 2; then 7 % 8.
        ("7 % 4 * 2", 6.0),
        ("7 % (4 * 2)", 7.0),
        ("-7 % 4", -3.0),
        ("-(7 % 4)", -3.0),
        ("7.5 % 2", 1.5),
        ("2 - -3", 5.0),
        ("2--3", 5.0),
        ("--tasks", 3.0),
        ("-2 * -tasks", 6.0),
        ("min(tasks, 2)", 2.0),
        ("min(4, tasks, 9, 1 + 1.5)", 2.5),
        ("max(4, tasks, 9, 1)", 9.0),
        ("abs(2 - tasks)", 1.0),
        // 2.5 and -2.5 are between whole numbers; halves go away from 0.
        ("floor(weight)", 2.0),
        ("ceil(weight)", 3.0),
        ("round(weight)", 3.0),
        ("floor(-weight)", -3.0),
        ("ceil(-weight)", -2.0),
        ("round(-weight)", -3.0),
        ("sqrt(tasks * tasks)", 3.0),
        ("if(tasks > 2, 1, 2)", 1.0),
        ("if(tasks > 3, 1, if(tasks > 2, 7, 8))", 7.0),
        ("if(total_gpus > 0, tasks / total_gpus, -1)", -1.0),
        ("if(nothing > 0, tasks / nothing, -1)", -1.0),
        ("  (\n tasks\t)\n", 3.0),
        // Zero has no sign.
        ("-0", 0.0),
        ("-4 % 2", 0.0),
        ("-total_gpus * tasks", 0.0),
        ("round(-0.25 * min(tasks, 1))", 0.0),
    ];
    for (text, expected) in table {
        let value = read(text, number).map(|number| number.value(&half_full, 0));
        let value = value.unwrap_or_else(|wrong| panic!("{text}: {wrong:?}")).unwrap();
        assert_eq!(value.to_bits(), f64::to_bits(expected), "{text}: {value}");
    }
}

#[test]
fn constraints_are_true_of_the_classes_that_they_name() {
    let (yes, no) = ([true; 4], [false; 4]);
    let table = [
        ("zone in ['a', 'b'] and rack != 'r7' and free_cpu >= 256", [true, true, false, false]),
        ("zone == 'a'", [true, false, true, false]),
        ("'a' == zone", [true, false, true, false]),
        ("zone == \"a\"", [true, false, true, false]),
        ("zone != 'a'", [false, true, false, true]),
        ("zone in ['a']", [true, false, true, false]),
        ("not zone in ['a', 'c']", [false, true, false, false]),
        // No rack is equal to none.
        ("rack == 'r7'", [false, false, true, true]),
        ("rack != 'r7'", [true, true, false, false]),
        ("shelf == shelf", no),
        ("zone == group", [false, false, false, true]),
        ("cpu.model == 'zen'", [true, true, false, true]),
        ("attribute('instance-type') == 'm5.large'", [true, true, false, false]),
        ("attribute('instance-type') == \"it's\"", [false, false, false, true]),
        ("attribute(\"zone\") == 'b'", [false, true, false, false]),
        // "and" before "or"; "not" before both, and behind comparisons.
        ("zone == 'a' or zone == 'b' and group == 'c4'", [true, false, true, false]),
        ("(zone == 'a' or zone == 'b') and group == 'c4'", [false, false, true, false]),
        ("not zone == 'a' and group == 'm5'", [false, true, false, false]),
        ("not (zone == 'a' and group == 'm5')", [false, true, true, true]),
        ("not not zone == 'b'", [false, true, false, false]),
        ("true", yes),
        ("not true or false", no),
        ("1 + 2 < 2 * 2", yes),
        ("tasks + 1 in [2, 2 * 2]", yes),
        ("tasks in [-3, weight]", no),
        ("tasks <= 3 and tasks >= 3 and tasks == 3 and not tasks != 3", yes),
        ("tasks < 3 or tasks > 3", no),
        ("total_gpus > 0 and tasks / total_gpus > 1", no),
        ("if(zone == 'b', 1, 0) > 0", [false, true, false, false]),
    ];
    for (text, expected) in table {
        let condition = read(text, condition).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"));
        let found = [0, 1, 2, 3].map(|class| condition.holds(&half_full, class).unwrap());
        assert_eq!(found, expected, "{text}");
    }
}

/// Texts with the place that is wrong between `«` and `»`, each with the message and a part of the help.
fn assert_wrong<T: std::fmt::Debug>(table: &[(&str, &str, &str)], parse: impl Fn(&str, &Scope) -> Result<T, Wrong>) {
    for (marked, message, help) in table {
        let text = marked.replace(['«', '»'], "");
        let wrong = read(&text, &parse).expect_err(marked);
        let (before, at, after) = (&text[..wrong.at.start], &text[wrong.at.clone()], &text[wrong.at.end..]);
        assert_eq!(format!("{before}«{at}»{after}"), *marked, "{wrong:?}");
        assert_eq!(wrong.message, *message, "{marked}");
        assert!(wrong.help.as_ref().is_some_and(|found| found.contains(help)), "{marked}: {wrong:?}");
    }
}

#[test]
fn what_is_no_score_says_what_and_where_and_what_would_do() {
    let table = [
        // Nothing there.
        ("«»", "an empty text", "write an expression"),
        ("«  \n»", "an empty text", "write an expression"),
        // Names.
        ("«free_cpus» - 1", "there is no 'free_cpus'", "did you mean 'free_cpu'? there are: weight, nothing"),
        ("1 + «Tasks»", "there is no 'Tasks'", "did you mean 'tasks'?"),
        ("«wieght»", "there is no 'wieght'", "did you mean 'weight'?"),
        ("«utterly»", "there is no 'utterly'", "zone, group, rack, cpu.model"),
        ("«instance»-type", "there is no 'instance'", "write attribute('instance-type')"),
        ("if(«instance»-type == 'x', 1, 2)", "there is no 'instance'", "write attribute('instance-type')"),
        ("«_»tasks", "'_' has no meaning", "a name starts with a letter"),
        ("«é» + 1", "'é' has no meaning", "attribute('name')"),
        // Functions.
        ("«minn»(1, 2)", "there is no function 'minn'", "did you mean 'min'? there are: if, min, max, abs"),
        ("«log»(tasks)", "there is no function 'log'", "there are: if, min, max"),
        ("«tasks»(1)", "there is no function 'tasks'", "there are: if, min, max"),
        ("«min» + 1", "'min' is a function", "write min(number, number, ..)"),
        ("«if» tasks > 1", "'if' is a function", "write if(condition, number, number)"),
        ("1 + «min(1)»", "min takes two numbers or more, and there was 1", "write min(number, number, ..)"),
        ("«max()»", "max takes two numbers or more, and there were 0", "write max(number, number, ..)"),
        ("«abs(1, 2)»", "abs takes one number, and there were 2", "write abs(number)"),
        ("«floor()»", "floor takes one number, and there were 0", "write floor(number)"),
        ("«if(true, 1)»", "if takes a condition and two numbers, and there were 2", "write if(condition"),
        ("«attribute()»", "attribute takes one name in quotes, and there were 0", "write attribute('name')"),
        ("attribute(«zone»)", "a name in quotes is needed", "write attribute('name')"),
        ("attribute(«'zoen'»)", "no host has an attribute 'zoen'", "did you mean 'zone'? there are: zone, group"),
        // Kinds.
        ("«zone» + 1", "text, where a number is needed", "if(zone == 'a', 1, 0)"),
        ("1 - «'a'»", "text, where a number is needed", "if(zone == 'a', 1, 0)"),
        ("«zone»", "text, where a number is needed", "if(zone == 'a', 1, 0)"),
        ("-«zone»", "text, where a number is needed", "if(zone == 'a', 1, 0)"),
        ("«tasks > 1»", "a condition, where a number is needed", "write if(condition, number, number)"),
        ("«(tasks > 1)» * 2", "a condition, where a number is needed", "write if(condition, number, number)"),
        ("1 + «not tasks > 1»", "a condition, where a number is needed", "write if(condition, number, number)"),
        ("min(1, «zone == 'a'»)", "a condition, where a number is needed", "write if("),
        ("«[1, 2]»", "a list, where a number is needed", "write zone in ['a', 'b'], tasks in [1, 2]"),
        ("if(«1», 2, 3)", "a number, where a condition is needed", "compare it: free_cpu >= 256"),
        ("if(«zone», 2, 3)", "text, where a condition is needed", "compare it: zone == 'a'"),
        ("if(tasks > 1, «true», 3)", "a condition, where a number is needed", "write if("),
        // Numbers.
        ("tasks * «1e999»", "'1e999' is too large", "numbers go up to"),
        ("«1e-999»", "'1e-999' is too small", "write 0"),
        ("«512MiB» - free_memory", "'512MiB' is not a number", "memory and disk are in MiB"),
        ("«1_000»", "'1_000' is not a number", "write a plain number"),
        ("«1.2.3»", "'1.2.3' is not a number", "write a plain number"),
        ("«1e» + 1", "'1e' is not a number", "write a plain number"),
        ("«.»5", "'.' has no meaning", "a digit before its point"),
        ("1«,»5", "a comma", "a number has a point"),
        // Constants that are undefined.
        ("1 + «tasks / 0»", "a division by zero", "ask before: if("),
        ("«tasks % (2 - 2)»", "a division by zero", "ask before: if("),
        ("1 + «tasks / nothing»", "a division by zero", "ask before: if("),
        ("«sqrt(-2)»", "the square root of a negative number", "sqrt(max(0, number))"),
        ("«1e200 * 1e200» / 1e300", "a number too large to be held", "numbers go up to"),
        // Operands and operators.
        ("tasks +«»", "an operand is missing at the end", "write an operand"),
        ("tasks + «*» 2", "an operand is missing before '*'", "write an operand"),
        ("«+»1", "an operand is missing before '+'", "write an operand"),
        ("tasks + («)»", "an operand is missing before ')'", "write an operand"),
        ("min(1, «)»", "an operand is missing before ')'", "write an operand"),
        ("min(«,» 1)", "an operand is missing before ','", "write an operand"),
        ("«and» 1", "an operand is missing before 'and'", "write an operand"),
        ("2 «tasks»", "an operator is missing before 'tasks'", "there are: or and in <"),
        ("(1) «(»2)", "an operator is missing before '('", "there are: or and in <"),
        ("1 «'a'»", "an operator is missing before 'a'", "there are: or and in <"),
        // Brackets and quotes.
        ("2 * «(»1 + tasks", "'(' has no ')'", "write one bracket for each"),
        ("«(»min(1, 2)", "'(' has no ')'", "write one bracket for each"),
        ("min«(»1, 2", "'(' has no ')'", "write one bracket for each"),
        ("(1 + tasks)«)»", "')' closes nothing", "write one bracket for each"),
        ("1«]»", "']' closes nothing", "write one bracket for each"),
        ("(1«]»", "']', where ')' closes '('", "write one bracket for each"),
        ("if(zone == «'a, 1, 2)»", "a text without a ' at its end", "write the quote: 'a'"),
        // Signs of other languages.
        ("tasks «**» 2", "'**' has no meaning", "no powers"),
        ("tasks «^» 2", "'^' has no meaning", "no powers"),
        ("tasks «//» 2", "'//' has no meaning", "floor(number / number)"),
        ("tasks > 1 «?» 1 : 2", "'?' has no meaning", "write if(condition"),
        ("tasks«$»", "'$' has no meaning", "write names, numbers"),
        ("tasks«\0»", "'\\0' has no meaning", "write names, numbers"),
        // Statements.
        ("«while» tasks > 1", "'while' has no meaning", "no loops and no statements, so it always ends"),
        ("«for» x", "'for' has no meaning", "no loops and no statements, so it always ends"),
        ("«loop» x", "'loop' has no meaning", "no loops and no statements, so it always ends"),
        ("«let» x = 1", "'let' has no meaning", "no loops and no statements, so it always ends"),
        ("1«;» 2", "';' has no meaning", "no loops and no statements, so it always ends"),
        ("«{» 1 }", "'{' has no meaning", "no loops and no statements, so it always ends"),
    ];
    assert_wrong(&table, number);
}

#[test]
fn what_is_no_constraint_says_what_and_where_and_what_would_do() {
    let table = [
        ("«free_cpu»", "a number, where a condition is needed", "compare it: free_cpu >= 256"),
        ("not «free_cpu»", "a number, where a condition is needed", "compare it: free_cpu >= 256"),
        ("«1» and true", "a number, where a condition is needed", "compare it: free_cpu >= 256"),
        ("true or «if(true, 1, 2)»", "a number, where a condition is needed", "compare it"),
        ("«zone»", "text, where a condition is needed", "compare it: zone == 'a', zone in ['a', 'b']"),
        ("not «'a'»", "text, where a condition is needed", "compare it: zone == 'a'"),
        ("true and «['a']»", "a list, where a condition is needed", "write zone in ['a', 'b']"),
        // Comparisons.
        ("«zone == 1»", "a number compared with text", "texts with texts in quotes"),
        ("«free_cpu >= '256'»", "a number compared with text", "numbers with numbers"),
        ("«zone < 'b'»", "texts have no order", "write '==', '!=' or 'in'"),
        ("«'a' == 'a'»", "no attribute to compare", "compared with an attribute: zone == 'a'"),
        ("«(tasks > 1)» == true", "a condition, where a number or a text is needed", "'and', 'or' and 'not'"),
        ("tasks == «true»", "a condition, where a number or a text is needed", "'and', 'or' and 'not'"),
        ("zone == «['a']»", "a list, where a number or a text is needed", "write zone in ['a', 'b']"),
        ("«['a']» == zone", "a list, where a number or a text is needed", "write zone in ['a', 'b']"),
        ("1 < tasks «<» 3", "a second comparison", "join them: 0 < tasks and tasks < 3"),
        ("zone in ['a'] «==» true", "a second comparison", "join them: 0 < tasks and tasks < 3"),
        // Values.
        ("zone == «'d'»", "no host's 'zone' is 'd'", "there are: a, b, c"),
        ("«'M5'» != group", "no host's 'group' is 'M5'", "did you mean 'm5'? there are: c, c4, m5"),
        ("rack in ['r1', «'r2'»]", "no host's 'rack' is 'r2'", "there are: r1, r7"),
        ("shelf == «'1'»", "no host's 'shelf' is '1'", "no host has a 'shelf'"),
        // Lists.
        ("zone in «[]»", "an empty list", "write zone in ['a', 'b']"),
        ("zone in «'a'»", "'in' needs a list", "write zone in ['a', 'b']"),
        ("zone in ('a'«,» 'b')", "a comma", "in lists, ['a', 'b']"),
        ("zone in [«1»]", "an element that is not a text in quotes", "write zone in ['a', 'b']"),
        ("tasks in [1, «'a'»]", "text, where a number is needed", ""),
        ("tasks in [1, «free_cpu - 1»]", "an element that differs from host to host", "tasks == desired"),
        ("tasks in [«1 / 0»]", "a division by zero", ""),
        ("«'a'» in ['a']", "no attribute to compare", "zone == 'a'"),
        ("«true» in ['a']", "a condition, where a number or a text is needed", ""),
        ("«[1]» in [1]", "a list, where a number or a text is needed", ""),
        ("zone in «[»'a'", "'[' has no ']'", "write one bracket for each"),
        ("zone in ['a'«)»", "')', where ']' closes '['", "write one bracket for each"),
        ("zone in ['a', «]»", "an operand is missing before ']'", "write an operand"),
        ("zone «not» in ['a']", "'not' behind an operand", "write not zone in ['a', 'b']"),
        // Words and signs of other languages.
        ("zone «=» 'a'", "'=' has no meaning", "write '==' to compare"),
        ("true «&&» false", "'&&' has no meaning", "write 'and'"),
        ("true «&» false", "'&' has no meaning", "write 'and'"),
        ("true «||» false", "'||' has no meaning", "write 'or'"),
        ("true «|» false", "'|' has no meaning", "write 'or'"),
        ("«!»true", "'!' has no meaning", "write 'not'"),
        ("tasks «<>» 1", "'<>' has no meaning", "write '!='"),
        ("tasks «=<» 1", "'=<' has no meaning", "write '<='"),
        ("tasks «=>» 1", "'=>' has no meaning", "write '>='"),
        ("true «AND» false", "an operator is missing before 'AND'", "did you mean 'and'?"),
        ("zone «is» 'a'", "an operator is missing before 'is'", "did you mean 'in'?"),
        ("tasks > «»", "an operand is missing at the end", "write an operand"),
    ];
    assert_wrong(&table, condition);
}

#[test]
fn a_parameter_is_a_finite_number_with_a_name_of_its_own() {
    let table = [
        ("tasks", 1.0, "'tasks' is a variable and a parameter", "give the parameter another name"),
        ("zone", 1.0, "'zone' is an attribute and a parameter", "give the parameter another name"),
        ("weight", f64::INFINITY, "the parameter 'weight' is inf", "give it a finite number"),
        ("weight", f64::NAN, "the parameter 'weight' is NaN", "give it a finite number"),
    ];
    for (name, value, message, help) in table {
        let scope = Scope { classes: &classes(), parameters: &[(name.into(), value)] };
        let wrong = number(&format!("1 + {name}"), &scope).unwrap_err();
        assert_eq!(wrong, Wrong::new(&(4..4 + name.len()), message, help));
        // What is not asked for does no harm.
        assert!(number("1 + desired", &scope).is_ok());
    }
}

#[test]
fn a_text_is_not_too_long_and_not_too_deep() {
    let longest = format!("{}1", " ".repeat(MOST_CHARS - 1));
    assert!(read(&longest, number).is_ok());
    let wrong = read(&format!(" {longest}"), number).unwrap_err();
    assert_eq!(wrong.message, "1001 characters");
    // Characters count, and not their bytes.
    assert!(read(&format!("zone == '{}'", "é".repeat(700)), condition).unwrap_err().message.starts_with("no host's"));
    let levels = MOST_LEVELS as usize;
    let nested = |open: &str, inner: &str, close: &str, levels: usize| {
        format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
    };
    for (open, inner, close) in
        [("(", "1", ")"), ("-", "1", ""), ("abs(", "1", ")"), ("1 + 2 * (", "1", ")"), ("if(true,", "1", ",2)")]
    {
        assert!(read(&nested(open, inner, close, levels), number).is_ok(), "{open}");
        let wrong = read(&nested(open, inner, close, levels + 1), number).unwrap_err();
        assert_eq!(wrong.message, "more than 64 levels", "{open}");
        assert!(read(&nested(open, "", "", MOST_CHARS / open.len()), number).is_err(), "{open}");
    }
    assert!(read(&nested("not ", "true", "", levels), condition).is_ok());
    // Every kind of operator is open at each level.
    for (open, inner, close) in [("not ", "true", ""), ("0<0 or 0<1+2*(", "3", ")")] {
        let wrong = read(&nested(open, inner, close, levels + 1), condition).unwrap_err();
        assert_eq!(wrong.message, "more than 64 levels", "{open}");
    }
}

/// As deep as trees can be: 166 * 3, and 500 * 1 before it is worked out.
#[test]
fn a_long_chain_has_a_value() {
    let sum = read(&["tasks"; 166].join("+"), number).unwrap();
    assert_eq!(sum.value(&half_full, 0), Ok(498.0));
    assert_eq!(read(&["1"; 500].join("+"), number).unwrap().constant(), Some(500.0));
    let chain = read(&["tasks<2"; 90].join(" or "), condition).unwrap();
    assert_eq!(chain.holds(&half_full, 0), Ok(false));
}

/// An expression as it was meant, to be printed and to be worked out directly. A condition is 1 or 0.
#[derive(Clone, Debug)]
enum Meant {
    Number(f64),
    Variable(usize),
    Negative(Box<Meant>),
    /// An operator between two.
    Pair(&'static str, Box<[Meant; 2]>),
    /// A function.
    Call(&'static str, Vec<Meant>),
    In(Box<Meant>, Vec<f64>),
    /// Whether an attribute's value is one of these of its values by class.
    AttributeIn(usize, Vec<usize>),
    Not(Box<Meant>),
}

impl Meant {
    /// Its value on a host; none where it is undefined.
    fn value(&self, host: &[f64], class: usize) -> Option<f64> {
        let value = |meant: &Self| meant.value(host, class);
        let value = match self {
            Self::Number(number) => *number,
            Self::Variable(variable) => host[*variable],
            Self::Negative(of) => -value(of)?,
            Self::Not(of) => 1.0 - value(of)?,
            Self::In(of, list) => {
                let of = value(of)?;
                f64::from(u8::from(list.contains(&of)))
            }
            Self::AttributeIn(attribute, list) => {
                let values = ATTRIBUTES[*attribute].1;
                f64::from(u8::from(list.iter().any(|of| values[*of] == values[class])))
            }
            Self::Pair("and", of) if value(&of[0])? == 0.0 => 0.0,
            Self::Pair("or", of) if value(&of[0])? > 0.0 => 1.0,
            Self::Pair("and" | "or", of) => value(&of[1])?,
            Self::Pair(operator, of) => {
                let (left, right) = (value(&of[0])?, value(&of[1])?);
                let truth = |truth| f64::from(u8::from(truth));
                match *operator {
                    "+" => left + right,
                    "-" => left - right,
                    "*" => left * right,
                    "/" => left / right,
                    "%" => left % right,
                    "<" => truth(left < right),
                    "<=" => truth(left <= right),
                    ">" => truth(left > right),
                    ">=" => truth(left >= right),
                    "==" => truth(left.partial_cmp(&right).is_some_and(Ordering::is_eq)),
                    _ => truth(left.partial_cmp(&right).is_some_and(Ordering::is_ne)),
                }
            }
            Self::Call("if", of) => value(&of[if value(&of[0])? > 0.0 { 1 } else { 2 }])?,
            Self::Call(name, of) => {
                let of: Vec<f64> = of.iter().map(value).collect::<Option<_>>()?;
                match *name {
                    "min" => of.into_iter().fold(f64::INFINITY, f64::min),
                    "max" => of.into_iter().fold(f64::NEG_INFINITY, f64::max),
                    "abs" => of[0].abs(),
                    "floor" => of[0].floor(),
                    "ceil" => of[0].ceil(),
                    "round" => of[0].round(),
                    _ => of[0].sqrt(),
                }
            }
        };
        value.is_finite().then_some(value)
    }

    /// How tightly it binds; a list of its own, to be compared with the parser's.
    fn tightness(&self) -> u8 {
        match self {
            Self::Pair("or", _) => 0,
            Self::Pair("and", _) => 1,
            Self::Not(_) | Self::In(..) | Self::AttributeIn(..) => 2,
            Self::Pair("+" | "-", _) => 4,
            Self::Pair("*" | "/" | "%", _) => 5,
            Self::Pair(..) => 3,
            Self::Negative(_) => 6,
            Self::Number(_) | Self::Variable(_) | Self::Call(..) => 7,
        }
    }

    /// With no more brackets than are needed where something that binds at least so tightly must stand.
    fn print(&self, least: u8) -> String {
        let mut text = String::new();
        match self {
            Self::Number(number) => write!(text, "{number:?}").unwrap(),
            Self::Variable(variable) => text.push_str(ALL[*variable].0),
            Self::Negative(of) => write!(text, "-{}", of.print(6)).unwrap(),
            Self::Not(of) => write!(text, "not {}", of.print(2)).unwrap(),
            Self::Pair(operator, of) => {
                let own = self.tightness();
                // Comparisons do not follow one another.
                let left = if own == 3 { 4 } else { own };
                write!(text, "{} {operator} {}", of[0].print(left), of[1].print(own + 1)).unwrap();
            }
            Self::Call(name, of) => {
                let of: Vec<_> = of.iter().map(|of| of.print(0)).collect();
                write!(text, "{name}({})", of.join(", ")).unwrap();
            }
            Self::In(of, list) => {
                let list: Vec<_> = list.iter().map(|number| format!("{number:?}")).collect();
                write!(text, "{} in [{}]", of.print(4), list.join(", ")).unwrap();
            }
            Self::AttributeIn(attribute, list) => {
                let (name, values) = ATTRIBUTES[*attribute];
                let list: Vec<_> = list.iter().map(|of| format!("{:?}", values[*of])).collect();
                match list.as_slice() {
                    [value] => write!(text, "{name} == {value}").unwrap(),
                    list => write!(text, "{name} in [{}]", list.join(", ")).unwrap(),
                }
            }
        }
        if self.tightness() < least { format!("({text})") } else { text }
    }

    /// Itself and everything in it.
    fn parts(&self) -> Vec<&Self> {
        let inner: Vec<&Self> = match self {
            Self::Number(_) | Self::Variable(_) | Self::AttributeIn(..) => Vec::new(),
            Self::Negative(of) | Self::Not(of) | Self::In(of, _) => vec![of],
            Self::Pair(_, of) => of.iter().collect(),
            Self::Call(_, of) => of.iter().collect(),
        };
        std::iter::once(self).chain(inner.into_iter().flat_map(Self::parts)).collect()
    }
}

fn any_number(levels: u32) -> BoxedStrategy<Meant> {
    const NUMBERS: [f64; 8] = [0.0, 1.0, 2.0, 0.5, 3.25, 1_024.0, 1e300, 1e-300];
    let leaf = prop_oneof![
        prop::sample::select(&NUMBERS[..]).prop_map(Meant::Number),
        (0..ALL.len()).prop_map(Meant::Variable),
        (0..ALL.len()).prop_map(Meant::Variable),
    ];
    if levels == 0 {
        return leaf.boxed();
    }
    let inner = || any_number(levels - 1);
    let singles = prop::sample::select(&["abs", "floor", "ceil", "round", "sqrt"][..]);
    let several = prop::sample::select(&["min", "max"][..]);
    prop_oneof![
        1 => leaf,
        1 => inner().prop_map(|of| Meant::Negative(of.into())),
        4 => (inner(), prop::sample::select(&["+", "-", "*", "/", "%"][..]), inner())
            .prop_map(|(left, operator, right)| Meant::Pair(operator, [left, right].into())),
        1 => (singles, inner()).prop_map(|(name, of)| Meant::Call(name, vec![of])),
        1 => (several, prop::collection::vec(inner(), 2..4)).prop_map(|(name, of)| Meant::Call(name, of)),
        1 => (any_condition(levels - 1), inner(), inner())
            .prop_map(|(condition, yes, no)| Meant::Call("if", vec![condition, yes, no])),
    ]
    .boxed()
}

fn any_condition(levels: u32) -> BoxedStrategy<Meant> {
    let leaf = (0..2_usize, prop::collection::vec(0..CLASSES, 1..3))
        .prop_map(|(attribute, list)| Meant::AttributeIn(attribute, list));
    if levels == 0 {
        return leaf.boxed();
    }
    let number = || any_number(levels - 1);
    let inner = || any_condition(levels - 1);
    prop_oneof![
        1 => leaf,
        2 => (number(), prop::sample::select(&["<", "<=", ">", ">=", "==", "!="][..]), number())
            .prop_map(|(left, operator, right)| Meant::Pair(operator, [left, right].into())),
        1 => (number(), prop::collection::vec(-1..4_i32, 1..3))
            .prop_map(|(of, list)| Meant::In(of.into(), list.into_iter().map(f64::from).collect())),
        1 => inner().prop_map(|of| Meant::Not(of.into())),
        3 => (inner(), prop::sample::select(&["and", "or"][..]), inner())
            .prop_map(|(first, operator, second)| Meant::Pair(operator, [first, second].into())),
    ]
    .boxed()
}

fn any_host() -> impl Strategy<Value = Vec<f64>> {
    const VALUES: [f64; 8] = [0.0, 1.0, 2.0, 3.0, 7.5, 2_048.0, 4e9, 1e200];
    prop::collection::vec(prop::sample::select(&VALUES[..]), ALL.len())
}

/// What was found, as a number, is what was meant; what is undefined is a part that is undefined by itself.
fn assert_same(
    meant: &Meant,
    found: Result<f64, Range<usize>>,
    host: &[f64],
    class: usize,
) -> Result<(), TestCaseError> {
    let text = meant.print(0);
    match found {
        Ok(value) => {
            prop_assert_eq!(
                Some((value + 0.0).to_bits()),
                meant.value(host, class).map(|value| (value + 0.0).to_bits()),
                "{}",
                text
            );
            prop_assert!(value.is_finite() && value.to_bits() != (-0.0_f64).to_bits());
        }
        Err(at) => {
            let parts = meant.parts();
            let part = parts.iter().find(|part| part.print(0) == text[at.clone()]);
            prop_assert!(part.is_some_and(|part| part.value(host, class).is_none()), "{}: {}", text, &text[at]);
        }
    }
    Ok(())
}

fn in_bytes(undefined: &Undefined) -> Range<usize> {
    undefined.at.start as usize..undefined.at.end as usize
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn a_printed_score_is_read_as_it_was_meant(meant in any_number(4), host in any_host(), class in 0..CLASSES) {
        let text = meant.print(0);
        prop_assume!(text.chars().count() <= MOST_CHARS);
        let get = |variable: Variable| host[variable as usize];
        let found = match read(&text, number) {
            Ok(number) => number.value(&get, class as u16).map_err(|undefined| in_bytes(&undefined)),
            Err(wrong) => Err(wrong.at),
        };
        assert_same(&meant, found, &host, class)?;
    }

    #[test]
    fn a_printed_constraint_is_read_as_it_was_meant(
        meant in any_condition(4),
        host in any_host(),
        class in 0..CLASSES,
    ) {
        let text = meant.print(0);
        prop_assume!(text.chars().count() <= MOST_CHARS);
        let get = |variable: Variable| host[variable as usize];
        let found = match read(&text, condition) {
            Ok(condition) => condition.holds(&get, class as u16).map_err(|undefined| in_bytes(&undefined)),
            Err(wrong) => Err(wrong.at),
        };
        assert_same(&meant, found.map(|truth| f64::from(u8::from(truth))), &host, class)?;
    }

    #[test]
    fn the_same_text_gives_the_same_twice(meant in any_number(3), host in any_host(), class in 0..CLASSES) {
        let text = meant.print(0);
        let (first, second) = (read(&text, number), read(&text, number));
        prop_assert_eq!(&first, &second);
        let get = |variable: Variable| host[variable as usize];
        let bits = |number: Number| number.value(&get, class as u16).map(f64::to_bits);
        prop_assert_eq!(first.map(bits), second.map(bits));
    }

    /// Bytes, words and signs in any order: read, or refused with a place in the text.
    #[test]
    fn no_text_panics(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        words in prop::collection::vec(prop::sample::select(&WORDS[..]), 0..40),
        gap in prop::sample::select(&["", " "][..]),
    ) {
        for text in [String::from_utf8_lossy(&bytes).into_owned(), words.join(gap)] {
            let wrongs = [read(&text, number).err(), read(&text, condition).err()];
            for wrong in wrongs.into_iter().flatten() {
                prop_assert!(text.get(wrong.at.clone()).is_some(), "{}: {:?}", text, wrong);
                prop_assert!(!wrong.message.is_empty() && wrong.help.is_some(), "{}: {:?}", text, wrong);
            }
        }
    }
}

const WORDS: [&str; 44] = [
    "1",
    "0",
    "2.5",
    "1e9",
    "1e999",
    "tasks",
    "free_cpu",
    "zone",
    "rack",
    "weight",
    "é",
    "nobody",
    "'a'",
    "'",
    "\"",
    "'m5'",
    "+",
    "-",
    "*",
    "/",
    "%",
    "(",
    ")",
    "[",
    "]",
    ",",
    "<",
    "<=",
    "==",
    "!=",
    "and",
    "or",
    "not",
    "in",
    "if(",
    "min(",
    "sqrt(",
    "attribute(",
    "true",
    "&&",
    "let",
    ";",
    "\0",
    ".",
];
