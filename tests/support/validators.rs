//! Programs of others that say whether documents are what their format says. `.ci/validators` brings them; where one is missing,
//! what needs it says so and passes.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

/// Documents in a folder of their own, by their file names.
pub struct Documents<'a> {
    pub folder: &'a Path,
    pub documents: &'a [(String, String)],
}

impl Documents<'_> {
    /// That all of them are JSON of a schema: by `check-jsonschema`.
    pub fn are_json_of(&self, schema: &Path) {
        self.pass("check-jsonschema", &["--schemafile", schema.to_str().unwrap()]);
    }

    /// That all of them are JUnit XML as Jenkins reads it: by `xmllint`, and the schema that `SEATRIAL_JUNIT_SCHEMA` names.
    pub fn are_junit(&self) {
        let Some(schema) = env::var_os("SEATRIAL_JUNIT_SCHEMA") else {
            eprintln!("skipped: SEATRIAL_JUNIT_SCHEMA does not name the schema");
            return;
        };
        self.pass("xmllint", &["--noout", "--nonet", "--schema", schema.to_str().unwrap()]);
    }

    fn pass(&self, program: &str, arguments: &[&str]) {
        fs::create_dir_all(self.folder).unwrap();
        for (name, text) in self.documents {
            fs::write(self.folder.join(name), text).unwrap();
        }
        let names = self.documents.iter().map(|(name, _)| name);
        match Command::new(program).args(arguments).args(names).current_dir(self.folder).output() {
            Err(error) if error.kind() == ErrorKind::NotFound => eprintln!("skipped: there is no {program}"),
            Err(error) => panic!("{program}: {error}"),
            Ok(output) => {
                let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
                assert!(output.status.success(), "{program}: {}", said.join("\n"));
            }
        }
    }
}
