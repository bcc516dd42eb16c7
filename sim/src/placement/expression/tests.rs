//! Tests of expressions.

use proptest::prelude::*;

use super::Binary::{Add, Divide, Max, Min, Multiply, Remainder, Subtract};
use super::Comparison::{AtLeast, AtMost, Different, Equal, Less, More};
use super::Unary::{Abs, Ceil, Floor, Negate, Round, Sqrt};
use super::*;

fn constant(value: f64) -> NumberTree {
    NumberTree::Constant(value)
}

fn variable(variable: Variable) -> NumberTree {
    NumberTree::Variable(variable)
}

fn unary(unary: Unary, of: NumberTree) -> NumberTree {
    NumberTree::Unary(unary, Box::new(of), 3..4)
}

fn binary(left: NumberTree, binary: Binary, right: NumberTree) -> NumberTree {
    NumberTree::Binary(binary, Box::new([left, right]), 1..9)
}

fn choose(condition: ConditionTree, yes: NumberTree, no: NumberTree) -> NumberTree {
    NumberTree::If(Box::new(condition), Box::new([yes, no]))
}

fn compare(left: NumberTree, comparison: Comparison, right: NumberTree) -> ConditionTree {
    ConditionTree::Compare(comparison, Box::new([left, right]))
}

fn together(first: ConditionTree, logic: Logic, second: ConditionTree) -> ConditionTree {
    ConditionTree::Both(logic, Box::new([first, second]))
}

/// A host with 3 tasks of the service; everything else is 0.
fn three_tasks(variable: Variable) -> f64 {
    if variable == Variable::Tasks { 3.0 } else { 0.0 }
}

fn value(tree: NumberTree) -> Result<f64, Undefined> {
    Number::new(tree)?.value(&three_tasks, 0)
}

fn holds(tree: ConditionTree) -> Result<bool, Undefined> {
    Condition::new(tree)?.holds(&three_tasks, 0)
}

#[test]
fn every_variable_has_one_name() {
    for (position, (name, variable, meaning)) in ALL.into_iter().enumerate() {
        assert_eq!(variable as usize, position, "{name}");
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        assert!(!meaning.is_empty() && ALL.iter().filter(|(other, ..)| *other == name).count() == 1, "{name}");
    }
    assert_eq!(Variable::Desired as usize + 1, ALL.len());
}

/// Each with constants, which are worked out beforehand, and with what is 3 tasks and 0 gpus on the host.
#[test]
fn operations_are_what_they_are_in_arithmetic() {
    let tasks = || variable(Variable::Tasks);
    let pairs = [
        (Add, 0.5, 3.5),
        (Subtract, 5.0, -2.0),
        (Multiply, -2.0, -6.0),
        (Divide, 2.0, 1.5),
        // 3 = 0 * -5 + 3, and 3 = 1 * 2 + 1.
        (Remainder, -5.0, 3.0),
        (Remainder, 2.0, 1.0),
        (Min, 2.0, 2.0),
        (Min, 4.0, 3.0),
        (Max, 2.0, 3.0),
        (Max, 4.0, 4.0),
    ];
    for (operation, right, expected) in pairs {
        assert_eq!(value(binary(tasks(), operation, constant(right))), Ok(expected), "3 {operation:?} {right}");
        assert_eq!(value(binary(constant(3.0), operation, constant(right))), Ok(expected), "3 {operation:?} {right}");
    }
    // Of x / 2 with x from 3: 1.5.
    let half = |tree| binary(tree, Divide, constant(2.0));
    let singles = [(Negate, -1.5), (Abs, 1.5), (Floor, 1.0), (Ceil, 2.0), (Round, 2.0), (Sqrt, 1.5_f64.sqrt())];
    for (operation, expected) in singles {
        assert_eq!(value(unary(operation, half(tasks()))), Ok(expected), "{operation:?}");
        assert_eq!(value(unary(operation, constant(1.5))), Ok(expected), "{operation:?}");
    }
    // Of -1.5; -7 = -2 * 3 - 1.
    let negative = || unary(Negate, half(tasks()));
    for (operation, expected) in [(Abs, 1.5), (Floor, -2.0), (Ceil, -1.0), (Round, -2.0)] {
        assert_eq!(value(unary(operation, negative())), Ok(expected), "{operation:?}");
    }
    assert_eq!(value(binary(constant(-7.0), Remainder, tasks())), Ok(-1.0));
}

#[test]
fn comparisons_are_less_equal_and_more() {
    let table = [
        (Less, [false, false, true]),
        (AtMost, [false, true, true]),
        (More, [true, false, false]),
        (AtLeast, [true, true, false]),
        (Equal, [false, true, false]),
        (Different, [true, false, true]),
    ];
    for (comparison, expected) in table {
        for (right, expected) in [2.0, 3.0, 4.0].into_iter().zip(expected) {
            let (tasks, right) = (variable(Variable::Tasks), constant(right));
            assert_eq!(holds(compare(tasks, comparison, right.clone())), Ok(expected), "{comparison:?} {right:?}");
            let three = constant(3.0);
            assert_eq!(holds(compare(three, comparison, right.clone())), Ok(expected), "{comparison:?} {right:?}");
        }
    }
    for (list, expected) in [(vec![1.0, 3.0], true), (vec![1.0, 2.0], false)] {
        assert_eq!(holds(ConditionTree::OneOf(Box::new(variable(Variable::Tasks)), list.clone())), Ok(expected));
        assert_eq!(holds(ConditionTree::OneOf(Box::new(constant(3.0)), list)), Ok(expected));
    }
}

#[test]
fn what_is_undefined_says_where() {
    let (tasks, gpus) = (|| variable(Variable::Tasks), || variable(Variable::FreeGpus));
    let huge = || constant(f64::MAX);
    let table = [
        (binary(tasks(), Divide, gpus()), What::DivisionByZero, 1..9),
        (binary(tasks(), Remainder, gpus()), What::DivisionByZero, 1..9),
        (binary(tasks(), Divide, unary(Negate, gpus())), What::DivisionByZero, 1..9),
        (unary(Sqrt, unary(Negate, tasks())), What::RootOfNegative, 3..4),
        (binary(huge(), Multiply, tasks()), What::NotFinite, 1..9),
        // Constants, while the expression is made.
        (binary(tasks(), Divide, constant(-0.0)), What::DivisionByZero, 1..9),
        (binary(tasks(), Remainder, constant(0.0)), What::DivisionByZero, 1..9),
        (binary(huge(), Add, huge()), What::NotFinite, 1..9),
        (unary(Sqrt, constant(-1.0)), What::RootOfNegative, 3..4),
        (constant(f64::INFINITY), What::NotFinite, 0..0),
        (constant(f64::NAN), What::NotFinite, 0..0),
    ];
    for (tree, what, at) in table {
        let undefined = Undefined { what, at };
        assert_eq!(value(tree.clone()), Err(undefined.clone()), "{tree:?}");
        // It does not come right again further out.
        let lower = binary(tree.clone(), Min, constant(1.0));
        assert_eq!(value(lower), Err(undefined.clone()), "{tree:?}");
        assert_eq!(holds(compare(tree, More, constant(1.0))), Err(undefined));
    }
}

/// There are no free gpus, so the quotient is undefined wherever it is evaluated.
#[test]
fn what_is_not_needed_is_not_evaluated() {
    let gpus = || variable(Variable::FreeGpus);
    let some = || compare(gpus(), More, constant(0.0));
    let quotient = || binary(variable(Variable::Tasks), Divide, gpus());
    let little = || compare(quotient(), Less, constant(2.0));
    let not = |tree| ConditionTree::Not(Box::new(tree));
    assert_eq!(value(choose(some(), quotient(), constant(7.0))), Ok(7.0));
    assert_eq!(value(choose(not(some()), constant(7.0), quotient())), Ok(7.0));
    assert_eq!(holds(together(some(), Logic::And, little())), Ok(false));
    assert_eq!(holds(together(not(some()), Logic::Or, little())), Ok(true));
    assert!(holds(together(little(), Logic::And, some())).is_err());
    // Nor is a constant that divides.
    let never = || compare(constant(0.0), More, constant(0.0));
    let by_zero = || binary(constant(1.0), Divide, constant(0.0));
    assert_eq!(value(choose(never(), by_zero(), constant(7.0))), Ok(7.0));
    let little = compare(by_zero(), Less, constant(2.0));
    assert_eq!(holds(together(never(), Logic::And, little)), Ok(false));
}

/// Two tables by class; "and" is true where both are, "or" where one is.
#[test]
fn tables_give_what_is_true_of_the_class() {
    let (first, second) = (vec![false, false, true, true], vec![false, true, false, true]);
    let table = |table: &[bool]| ConditionTree::ByClass(table.into());
    let by_class = |tree: ConditionTree| {
        let condition = Condition::new(tree).unwrap();
        [0, 1, 2, 3].map(|class| condition.holds(&three_tasks, class).unwrap())
    };
    assert_eq!(by_class(table(&first)), [false, false, true, true]);
    assert_eq!(by_class(ConditionTree::Not(Box::new(table(&first)))), [true, true, false, false]);
    let both = |logic| together(table(&first), logic, table(&second));
    assert_eq!(by_class(both(Logic::And)), [false, false, false, true]);
    assert_eq!(by_class(both(Logic::Or)), [false, true, true, true]);
    assert_eq!(Condition::new(both(Logic::And)), Ok(Condition(table(&[false, false, false, true]))));
    let five = Number::new(choose(table(&second), constant(5.0), constant(0.0))).unwrap();
    assert_eq!([0, 1].map(|class| five.value(&three_tasks, class)), [Ok(0.0), Ok(5.0)]);
}

#[test]
fn what_is_constant_is_worked_out_beforehand() {
    let tasks = || variable(Variable::Tasks);
    let sum = binary(constant(1.0), Add, constant(2.0));
    assert_eq!(Number::new(sum.clone()).unwrap().constant(), Some(3.0));
    let both = Number::new(binary(tasks(), Multiply, sum)).unwrap();
    assert_eq!(both, Number(binary(tasks(), Multiply, constant(3.0))));
    assert_eq!(both.constant(), None);
    let yes = || compare(constant(1.0), Equal, constant(1.0));
    assert_eq!(Number::new(choose(yes(), tasks(), constant(0.0))), Ok(Number(tasks())));
    let some = || compare(tasks(), More, constant(0.0));
    assert_eq!(Condition::new(together(yes(), Logic::And, some())), Ok(Condition(some())));
    assert_eq!(Condition::new(together(some(), Logic::And, yes())), Ok(Condition(some())));
    assert_eq!(Condition::new(together(yes(), Logic::Or, some())), Ok(Condition(ConditionTree::Constant(true))));
    let everywhere = ConditionTree::ByClass(vec![true, true]);
    assert_eq!(Condition::new(everywhere), Ok(Condition(ConditionTree::Constant(true))));
}

#[test]
fn an_expression_uses_the_variables_that_are_left_in_it() {
    let yes = ConditionTree::Constant(true);
    let some = compare(variable(Variable::Desired), More, constant(0.0));
    let kept = unary(Floor, choose(some.clone(), variable(Variable::Tasks), constant(1.0)));
    let number = Number::new(choose(yes, kept, variable(Variable::FreeCpu))).unwrap();
    let used: Vec<_> = ALL.iter().filter(|(_, variable, _)| number.uses(*variable)).map(|(name, ..)| *name).collect();
    assert_eq!(used, ["tasks", "desired"]);
    let one_of = ConditionTree::OneOf(Box::new(variable(Variable::AllTasks)), vec![1.0]);
    let not = ConditionTree::Not(Box::new(together(one_of, Logic::Or, some)));
    let condition = Condition::new(not).unwrap();
    let used: Vec<_> =
        ALL.iter().filter(|(_, variable, _)| condition.uses(*variable)).map(|(name, ..)| *name).collect();
    assert_eq!(used, ["all_tasks", "desired"]);
}

const CLASSES: u16 = 3;

fn any_number(levels: u32) -> BoxedStrategy<NumberTree> {
    const VALUES: [f64; 9] = [0.0, -0.0, 1.0, -1.0, 2.5, -3.0, 1_024.0, 1e308, 5e-324];
    let leaf = prop_oneof![
        prop::sample::select(&VALUES[..]).prop_map(constant),
        prop::sample::select(&ALL[..]).prop_map(|(_, known, _)| variable(known)),
    ];
    if levels == 0 {
        return leaf.boxed();
    }
    let inner = || any_number(levels - 1);
    let singles = prop::sample::select(&[Negate, Abs, Floor, Ceil, Round, Sqrt][..]);
    let pairs = prop::sample::select(&[Add, Subtract, Multiply, Divide, Remainder, Min, Max][..]);
    prop_oneof![
        leaf,
        (singles, inner()).prop_map(|(operation, of)| unary(operation, of)),
        (inner(), pairs, inner()).prop_map(|(left, operation, right)| binary(left, operation, right)),
        (any_condition(levels - 1), inner(), inner()).prop_map(|(condition, yes, no)| choose(condition, yes, no)),
    ]
    .boxed()
}

fn any_condition(levels: u32) -> BoxedStrategy<ConditionTree> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(ConditionTree::Constant),
        prop::collection::vec(any::<bool>(), usize::from(CLASSES)).prop_map(ConditionTree::ByClass),
    ];
    if levels == 0 {
        return leaf.boxed();
    }
    let number = || any_number(levels - 1);
    let inner = || any_condition(levels - 1);
    let comparisons = prop::sample::select(&[Less, AtMost, More, AtLeast, Equal, Different][..]);
    let logics = prop::sample::select(&[Logic::And, Logic::Or][..]);
    prop_oneof![
        leaf,
        (number(), comparisons, number()).prop_map(|(left, comparison, right)| compare(left, comparison, right)),
        (number(), prop::collection::vec(-1..4_i32, 1..3))
            .prop_map(|(of, list)| { ConditionTree::OneOf(Box::new(of), list.into_iter().map(f64::from).collect()) }),
        inner().prop_map(|of| ConditionTree::Not(Box::new(of))),
        (inner(), logics, inner()).prop_map(|(first, logic, second)| together(first, logic, second)),
    ]
    .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    /// What is worked out beforehand changes no bit, and nothing but finite numbers and plain zeros comes out.
    #[test]
    fn compiled_and_as_written_give_the_same(
        number in any_number(4),
        condition in any_condition(4),
        host in prop::collection::vec(prop::sample::select(&[0.0, 1.0, 2.0, 3.0, 2_048.0, 4e9][..]), ALL.len()),
        class in 0..CLASSES,
    ) {
        let get = |variable: Variable| host[variable as usize];
        if let Ok(compiled) = Number::new(number.clone()) {
            match (compiled.value(&get, class), number.value(&get, class)) {
                (Ok(compiled), Ok(written)) => {
                    prop_assert!(compiled.is_finite() && compiled.to_bits() != (-0.0_f64).to_bits());
                    prop_assert_eq!(compiled.to_bits(), (written + 0.0).to_bits());
                }
                (compiled, written) => prop_assert_eq!(compiled, written),
            }
        }
        if let Ok(compiled) = Condition::new(condition.clone()) {
            prop_assert_eq!(compiled.holds(&get, class), condition.holds(&get, class));
        }
    }
}
