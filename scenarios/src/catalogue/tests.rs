//! The catalogue against its sources, and bad ones against what is said of them.

use std::env;
use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;

const HEADER: &str = "instance_type,vcpu,memory_mib,price_usd_hour";

fn instance(name: &str) -> &'static Instance {
    Catalogue::built_in().get(name).unwrap()
}

fn month(text: &str) -> Option<YearMonth> {
    let month = text.parse().ok();
    assert!(month.is_some(), "{text}");
    month
}

fn read(text: &str) -> Result<Catalogue, Report> {
    Catalogue::read("my.csv", text)
}

#[test]
fn two_tasks_of_four_gib_do_not_fit_on_an_m4_large() {
    let m4 = instance("m4.large");
    assert_eq!((m4.memory_mib, m4.registered_memory_mib, m4.registered_estimate), (8_192, 7_985, None));
    assert!(m4.registered_memory_mib < 2 * 4_096);
    assert_eq!((m4.cpu_units(), m4.interfaces, m4.trunk_interfaces), (2_048, Some(1), None));
}

/// DG, `container-instance-eni.md`: tasks without trunking, and with it.
#[test]
fn trunking_makes_room_for_more_tasks() {
    let table = [
        ("c5.large", 2, Some(10)),
        ("c5.xlarge", 3, Some(20)),
        ("c5.2xlarge", 3, Some(40)),
        ("c5.4xlarge", 7, Some(60)),
        ("m5.large", 2, Some(10)),
        ("m5.4xlarge", 7, Some(60)),
        ("m6i.xlarge", 3, Some(20)),
        ("m4.xlarge", 3, None),
        ("t3.medium", 2, None),
    ];
    for (name, plain, trunk) in table {
        assert_eq!((instance(name).interfaces, instance(name).trunk_interfaces), (Some(plain), trunk), "{name}");
    }
}

#[test]
fn kubernetes_has_less_than_the_host() {
    let pods = Allocatable { cpu_millis: 1_930, memory_mib: 6_903, max_pods: 29 };
    assert_eq!(instance("m5.large").kubernetes, Some(pods));
    assert_eq!((instance("p3.2xlarge").kubernetes, instance("p3.2xlarge").gpus), (None, 1));
}

/// PRICE, all dates of all types that have more than one.
#[test]
fn prices_are_those_of_their_month() {
    let table: [(&str, [&str; 4]); 10] = [
        ("t2.micro", ["0.013", "0.012", "0.0116", "0.0116"]),
        ("t2.small", ["0.026", "0.023", "0.023", "0.023"]),
        ("t2.medium", ["0.052", "0.047", "0.0464", "0.0464"]),
        ("t2.large", ["0.104", "0.094", "0.0928", "0.0928"]),
        ("m3.medium", ["0.067", "0.067", "0.067", "0.067"]),
        ("m4.large", ["0.126", "0.108", "0.10", "0.10"]),
        ("m4.xlarge", ["0.252", "0.215", "0.20", "0.20"]),
        ("m4.2xlarge", ["0.504", "0.431", "0.40", "0.40"]),
        ("c4.large", ["0.11", "0.10", "0.10", "0.10"]),
        // It came in November 2017; before that its first price stands in.
        ("c5.large", ["0.085", "0.085", "0.085", "0.085"]),
    ];
    for (name, prices) in table {
        let found =
            ["2015-08", "2016-12", "2017-11", "2026-07"].map(|date| dollars(instance(name).price_at(month(date))));
        assert_eq!(found, prices, "{name}");
    }
    let m5 = ["m5.large", "m5.xlarge", "t3.medium", "m6i.xlarge"].map(|name| dollars(instance(name).price_at(None)));
    assert_eq!(m5, ["0.096", "0.192", "0.0416", "0.192"]);
}

#[test]
fn between_two_months_the_earlier_price_holds_and_before_all_the_oldest() {
    let m4 = instance("m4.large");
    let table = [
        (month("2014-01"), "0.126"),
        (month("2015-08"), "0.126"),
        (month("2016-11"), "0.126"),
        (month("2016-12"), "0.108"),
        (month("2017-10"), "0.108"),
        (month("2020-01"), "0.10"),
        (month("2030-01"), "0.10"),
        (None, "0.10"),
    ];
    for (date, price) in table {
        assert_eq!(dollars(m4.price_at(date)), price, "{date:?}");
    }
    assert_eq!(m4.dated_price_at(month("2016-01")).date, month("2015-08"));
    assert_eq!(m4.dated_price_at(None).date, month("2026-07"));
}

#[test]
fn every_row_is_sane() {
    let catalogue = Catalogue::built_in();
    let mut names = catalogue.names();
    assert!((60..=110).contains(&names.len()), "{}", names.len());
    names.sort_unstable();
    names.dedup();
    assert_eq!((names.len(), catalogue.incomplete.len()), (catalogue.instances().len(), 0));
    for instance in catalogue.instances() {
        let Instance { name, vcpu, memory_mib, registered_memory_mib, .. } = instance;
        assert!([1, 2, 4, 8, 16, 32, 36].contains(vcpu), "{name}");
        // A quarter of a GiB is the smallest part that AWS sells.
        assert!(memory_mib.is_multiple_of(256) && (512..=262_144).contains(memory_mib), "{name}");
        let held_permille = (memory_mib - registered_memory_mib) * 1_000 / memory_mib;
        let Estimate { least_permille, most_permille, .. } = Estimate::of(name);
        assert!((least_permille..=most_permille).contains(&held_permille), "{name}: {held_permille}");
        assert!(instance.interfaces.is_some_and(|count| count >= 1), "{name}");
        assert!(instance.trunk_interfaces.is_none_or(|trunk| Some(trunk) > instance.interfaces), "{name}");
        let graviton = name.starts_with("t4g") || name.as_bytes()[2] == b'g';
        assert_eq!(instance.arch, Some(if graviton { Arch::Arm64 } else { Arch::Amd64 }), "{name}");
        assert_eq!(instance.gpus, u32::from(["g4dn.xlarge", "g5.xlarge", "p3.2xlarge"].contains(&name.as_str())));
        assert!(instance.kubernetes.is_some() || name == "p3.2xlarge", "{name}");
        if let Some(pods) = instance.kubernetes {
            assert!(pods.cpu_millis < vcpu * 1_000 && pods.memory_mib < *registered_memory_mib && pods.max_pods > 3);
        }
        let dates: Vec<_> = instance.prices.iter().map(|price| price.date).collect();
        assert!(dates.is_sorted() && dates.last() == Some(&month("2026-07")), "{name}");
        assert!(instance.prices.iter().all(|price| price.price > HourlyPrice(0)), "{name}");
        // The dearest vCPU is a GPU's; the cheapest a burstable one's.
        let per_vcpu = instance.price_at(None).0 / u64::from(*vcpu);
        assert!((2_000..=400_000).contains(&per_vcpu), "{name}: {per_vcpu}");
    }
}

#[test]
fn every_older_price_is_of_a_type_that_is_there_and_none_is_there_twice() {
    let prices = read::prices("prices.csv", include_str!("../../catalogue/prices.csv")).unwrap();
    assert_eq!(prices.len(), 28);
    for (position, (name, price)) in prices.iter().enumerate() {
        assert!(Catalogue::built_in().get(name).is_some() && price.date.is_some(), "{name}");
        let twice = prices[..position].iter().any(|(other, earlier)| other == name && earlier.date == price.date);
        assert!(!twice, "{name} {:?}", price.date);
    }
}

#[test]
fn what_is_not_written_down_of_the_registered_memory_is_estimated_by_the_hypervisor() {
    let table = [
        ("t2.nano", 512, 499),
        ("i3.large", 15_616, 15_225),
        ("i3.metal", 524_288, 498_073),
        ("m6i.large", 8_192, 7_782),
        ("m6i.xlarge", 16_384, 15_564),
        ("m7g.medium", 4_096, 3_891),
        ("my-own", 1_000, 950),
    ];
    for (name, memory, registered) in table {
        assert_eq!(Estimate::of(name).registered(memory), registered, "{name}");
    }
    let found = ["t2.nano", "m6i.large", "m5.large"].map(|name| instance(name).registered_estimate);
    assert_eq!(found, [Some(XEN), Some(NITRO), None]);
}

#[test]
fn the_header_decides_what_a_column_is() {
    let text = "\u{feff}# my hosts\r\n\r\nprice_usd_hour, colour,memory_mib,instance_type,vcpu,gpus\r\n\
                $1.50/h,red,4096,big,2,\r\n# none\r\n\"0.5\",\"a, b\",2048,small,1,1\r\n\r\n";
    let catalogue = read(text).unwrap();
    assert_eq!(catalogue.names(), ["big", "small"]);
    let [big, small] = ["big", "small"].map(|name| catalogue.get(name).unwrap());
    assert_eq!(
        (big.vcpu, big.memory_mib, big.gpus, big.price_at(month("2015-01"))),
        (2, 4_096, 0, HourlyPrice(1_500_000))
    );
    assert_eq!((small.vcpu, small.memory_mib, small.gpus, small.price_at(None)), (1, 2_048, 1, HourlyPrice(500_000)));
    assert_eq!((big.interfaces, big.trunk_interfaces, big.arch, &big.kubernetes), (None, None, None, &None));
}

#[test]
fn a_type_may_have_a_price_for_each_of_several_months() {
    let text = format!("date,{HEADER}\n2020-01,a,1,1024,0.2\n,a,1,1024,0.3\n2018-06,a,1,1024,0.25\n");
    let catalogue = read(&text).unwrap();
    let a = catalogue.get("a").unwrap();
    let found = [month("2010-01"), month("2018-06"), month("2019-12"), None].map(|date| dollars(a.price_at(date)));
    assert_eq!(found, ["0.30", "0.25", "0.25", "0.20"]);
}

#[test]
fn a_row_that_is_not_complete_is_left_out_and_found_when_it_is_asked_for() {
    let catalogue = read(&format!("{HEADER}\na,1,1024,0.1\nb,,,0.2\nc,1,1024,\n")).unwrap();
    assert_eq!(catalogue.names(), ["a"]);
    let said = |name| catalogue.find(name).unwrap_err();
    assert_eq!(said("b"), "the row of 'b' in the catalogue has no vcpu and no memory_mib");
    assert_eq!(said("c"), "the row of 'c' in the catalogue has no price_usd_hour");
    assert_eq!(said("d"), "there is no instance type 'd': there are: a");
    assert!(Catalogue::built_in().find("m5.lage").unwrap_err().contains("did you mean 'm5.large'?"));
    assert_eq!(catalogue.find("a").map(|a| a.vcpu), Ok(1));
}

#[test]
fn a_catalogue_of_ones_own_goes_before_the_other() {
    let own = read(&format!("{HEADER}\nm5.large,2,8192,0.05\nmine,1,1024,0.1\n")).unwrap();
    let both = own.with(Catalogue::built_in());
    assert_eq!(both.names().len(), Catalogue::built_in().names().len() + 1);
    assert_eq!(both.get("m5.large").map(|m5| m5.price_at(None)), Some(HourlyPrice(50_000)));
    assert_eq!(both.get("m4.large"), Catalogue::built_in().get("m4.large"));
}

/// Each with the lines, and with what is said of them.
#[test]
fn what_is_wrong_is_said_with_its_line_its_column_and_a_remedy() {
    let table: [(&str, &[(usize, &str)]); 24] = [
        ("", &[(1, "an empty catalogue")]),
        ("# nothing\n\n", &[(3, "an empty catalogue")]),
        ("\u{0}", &[(1, "no column instance_type"), (1, "no column vcpu"), (1, "memory_mib"), (1, "price_usd_hour")]),
        ("instance_type,vcpu,memory,price_usd_hour\na,1,1,1\n", &[(1, "no column memory_mib")]),
        ("instance_type,vcpu,memory_mib\na,1,1\n", &[(1, "no column price_usd_hour")]),
        ("vcpu,H\na,1,1024,1,2\n", &[(1, "the column vcpu is there twice")]),
        ("H", &[(1, "no row is complete")]),
        ("H\na,,1024,1\n", &[(1, "no row is complete")]),
        ("H\na,1,1024\n", &[(2, "3 cells, where the header has 4")]),
        ("H\n\n# c\na,1,1024,1,\n", &[(4, "5 cells, where the header has 4")]),
        ("H\n,1,1024,1\n", &[(2, "a row without a name")]),
        ("H\nm5 large,1,1024,1\n", &[(2, "'m5 large' is not a name")]),
        ("H\na,0,1024,1\n", &[(2, "'0' is out of bounds")]),
        ("H\r\na,1,1024,1\r\nb,1.5,1024,1\r\n", &[(3, "'1.5' is not")]),
        ("H\na,1,8 GiB,1\n", &[(2, "'8 GiB' is not")]),
        ("H\na,1,99999999999999999999,1\n", &[(2, "'99999999999999999999' is out of")]),
        ("H\na,-1,x,y\n", &[(2, "'-1'"), (2, "'x'"), (2, "'y' is not a price")]),
        ("H\na,1,1024,-1\nb,1,1024,free\n", &[(2, "negative price"), (3, "'free' is not a price")]),
        ("H,date\na,1,1024,1,July 2020\n", &[(2, "'July 2020' is not a month")]),
        ("H,registered_memory_mib\na,1,1024,1,1025\n", &[(2, "'1025' is out of bounds")]),
        ("H,arch\na,1,1024,1,sparc\n", &[(2, "there is no 'sparc'")]),
        ("H,k8s_allocatable_cpu,k8s_allocatable_memory\na,1,1,1,1.5,12\n", &[(2, "'1.5' is not"), (2, "'12' is not")]),
        ("H\na,1,1024,1\n\na,1,1024,2\n", &[(4, "a is there twice")]),
        ("date,H\n2020-01,a,1,1024,1\n2020-02,a,2,1024,2\n", &[(3, "1 vCPU and 1024 MiB in an earlier row")]),
    ];
    for (text, expected) in table {
        let text = text.replace('H', HEADER);
        let report = read(&text).unwrap_err();
        let problems = report.problems();
        assert_eq!(problems.len(), expected.len(), "{text:?}: {report}");
        for (problem, (line, part)) in problems.iter().zip(expected) {
            assert!(problem.line == *line && problem.message.contains(part), "{text:?}: {report}");
            assert!(problem.help.is_some(), "{text:?}: {report}");
        }
        assert!(report.to_string().contains(&format!("my.csv:{}", expected[0].0)), "{report}");
    }
}

#[test]
fn a_problem_points_at_its_cell() {
    let text = format!("# mine\n{HEADER},arch\n\"a\",1,1024,0.1,\n\"b\",\"two\" ,1024,0.1,\"a,b\"\n");
    let expected = "\
error: b.vcpu: 'two' is not a whole number
 --> my.csv:4:5
  |
4 | \"b\",\"two\" ,1024,0.1,\"a,b\"
  |     ^^^^^
  |
  = help: write a whole number from 1 to 9765

error: b.arch: there is no 'a,b'
 --> my.csv:4:21
  |
4 | \"b\",\"two\" ,1024,0.1,\"a,b\"
  |                     ^^^^^
  |
  = help: there are: amd64, arm64";
    assert_eq!(read(&text).unwrap_err().to_string(), expected);
    let near = read("instance_type,vcpu,memory_mb,price_usd_hour\n").unwrap_err();
    assert!(near.to_string().contains("rename the column 'memory_mb' if that is it"), "{near}");
}

#[test]
fn files_that_are_no_text_say_so() {
    let folder = env::temp_dir().join("seatrial-catalogue");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{}.csv", std::process::id()));
    fs::write(&file, b"instance_type\n\xff\xfe,1\n").unwrap();
    let said = Catalogue::load(&file).unwrap_err().to_string();
    fs::remove_file(&file).unwrap();
    assert!(said.contains(".csv:2") && said.contains("not UTF-8"), "{said}");
    assert!(Catalogue::load(&file).unwrap_err().to_string().contains("no such file"));
}

/// Prices keep every micro-dollar.
#[test]
fn prices_are_written_as_they_are() {
    let table = [(0, "0.00"), (1, "0.000001"), (46_400, "0.0464"), (100_000, "0.10"), (3_060_000, "3.06")];
    for (micros, text) in table {
        assert_eq!(dollars(HourlyPrice(micros)), text);
    }
    assert_eq!(written_price(HourlyPrice(126_000)), "$0.126/h");
}

/// The head of the lists of INST, and rows of each kind that are in them.
const COMPACT: &str = "\
instance_type,vcpu,memory_mib,price_usd_hour_us_east_1,max_enis,ipv4_per_eni,trunk_branch_enis,\
ecs_awsvpc_tasks_no_trunk,ecs_awsvpc_tasks_trunk_inferred,arch\r
a1.large,2,4096,0.051,3,10,9,2,10,arm64\r
m4.large,2,8192,0.1,2,10,0,1,1,amd64\r
";
const FULL: &str = "\
instance_type,vcpu,memory_mib,price_usd_hour_us_east_1,max_enis,ipv4_per_eni,trunk_branch_enis,\
ecs_awsvpc_tasks_no_trunk,ecs_awsvpc_tasks_trunk_inferred,arch,generation,network_mbps,ebs_mbps,gpu_count,\
k8s_allocatable_cpu,k8s_allocatable_memory,k8s_max_pods,hypervisor\r
a1.large,2,4096,0.051,3,10,9,2,10,arm64,1,750,3500,,1930m,3055Mi,29,nitro\r
g5.12xlarge,48,196608,5.672,15,50,107,14,120,amd64,5,40000,16000,4,47810m,173400Mi,737,nitro\r
cr1.8xlarge,,,3.5,,,,,,,,,,,,,,\r
";

#[test]
fn the_lists_of_the_source_are_catalogues() {
    let compact = read(COMPACT).unwrap();
    let [a1, m4] = ["a1.large", "m4.large"].map(|name| compact.get(name).unwrap());
    assert_eq!((a1.interfaces, a1.trunk_interfaces, a1.arch), (Some(2), Some(10), Some(Arch::Arm64)));
    assert_eq!((m4.interfaces, m4.trunk_interfaces, m4.price_at(None)), (Some(1), None, HourlyPrice(100_000)));
    let full = read(FULL).unwrap();
    assert_eq!((full.names(), full.get("g5.12xlarge").unwrap().gpus), (vec!["a1.large", "g5.12xlarge"], 4));
    let pods = Allocatable { cpu_millis: 1_930, memory_mib: 3_055, max_pods: 29 };
    assert_eq!(full.get("a1.large").unwrap().kubernetes, Some(pods));
    assert!(full.find("cr1.8xlarge").unwrap_err().contains("no vcpu and no memory_mib"));
}

/// The whole lists of INST, where `SEATRIAL_EC2_LISTS` names the folder that has them.
#[test]
fn the_whole_lists_of_the_source_are_catalogues() {
    let Some(folder) = env::var_os("SEATRIAL_EC2_LISTS") else {
        println!("skipped: SEATRIAL_EC2_LISTS names no folder");
        return;
    };
    let load = |name| Catalogue::load(&Path::new(&folder).join(name)).unwrap_or_else(|report| panic!("{report}"));
    let (compact, full) = (load("ec2_instances_compact.csv"), load("ec2_instances_us_east_1.csv"));
    assert_eq!((compact.names().len(), compact.incomplete.len()), (1_345, 0));
    assert_eq!((full.names().len(), full.incomplete.len()), (1_345, 40));
    assert_eq!(compact.names(), full.names());
    for built_in in Catalogue::built_in().instances() {
        if built_in.name == "p3.2xlarge" {
            continue;
        }
        let listed = full.get(&built_in.name).unwrap();
        let expected = Instance {
            registered_memory_mib: listed.registered_memory_mib,
            registered_estimate: listed.registered_estimate,
            prices: vec![DatedPrice { date: None, price: built_in.price_at(None) }],
            ..built_in.clone()
        };
        assert_eq!(*listed, expected);
    }
    // The list has a hypervisor for most types; the estimate goes by the family.
    let text = fs::read_to_string(Path::new(&folder).join("ec2_instances_us_east_1.csv")).unwrap();
    for line in text.lines() {
        let name = line.split(',').next().unwrap_or_default();
        assert!(!line.ends_with(",xen") || is_xen(name), "{name}");
        assert!(!line.ends_with(",nitro") || !is_xen(name), "{name}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*") {
        let _ = read(&text).map_err(|report| report.to_string());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&String::from_utf8_lossy(&bytes)).map_err(|report| report.to_string());
    }

    /// Much of what a CSV is made of, behind a good header.
    #[test]
    fn no_rows_make_it_panic(rows in "([a,\"#\r\n 1é.m-]|2020-01|Mi|8192|0[.]1){0,60}") {
        let header = format!("{HEADER},date,arch,gpus,k8s_allocatable_cpu,k8s_allocatable_memory,k8s_max_pods\n");
        let _ = read(&(header + &rows)).map_err(|report| report.to_string());
    }

    #[test]
    fn what_is_written_is_read(vcpu in 1..=9_765_u32, mib in 1..=67_108_864_u32, micros in 0..=1_000_000_000_u64) {
        let price = dollars(HourlyPrice(micros));
        let catalogue = read(&format!("{HEADER}\na,{vcpu},{mib},{price}\n")).unwrap();
        let a = catalogue.get("a").unwrap();
        prop_assert_eq!((a.vcpu, a.memory_mib, a.price_at(None)), (vcpu, mib, HourlyPrice(micros)));
        prop_assert!(a.registered_memory_mib <= mib);
    }
}
