//! A headless Chromium that opens a page and says what it sees there.
//!
//! The page is in a frame of a page of ours, so that it can be as narrow as a phone and stays as it is, its policy included.
//! Ours looks around in it and writes what it finds into itself; the browser prints that.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

/// What the reader's system prefers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    Light,
    Dark,
}

/// A program to open pages with.
pub struct Browser(PathBuf);

impl Browser {
    /// The longest that a page takes to open, with a machine's cores shared by many.
    const PATIENCE: Duration = Duration::from_secs(180);

    /// The browser there is; says so where there is none.
    pub fn find() -> Option<Self> {
        let chosen = env::var_os("SEATRIAL_BROWSER").map(PathBuf::from);
        let path = env::var_os("PATH").unwrap_or_default();
        let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
        let candidates = env::split_paths(&path).flat_map(|folder| names.map(|name| folder.join(name)));
        let found = chosen.or_else(|| candidates.into_iter().find(|file| file.is_file()));
        if found.is_none() {
            eprintln!("skipped: there is no Chromium on the PATH, and SEATRIAL_BROWSER names none");
        }
        found.map(Self)
    }

    /// What is found in a page that is so many pixels wide. Fails on anything that the page says on the console.
    pub fn look(&self, page: &Path, width: u32, scheme: Scheme) -> Value {
        let folder = page.parent().unwrap();
        let probe = folder.join(format!("probe-{width}-{scheme:?}.html"));
        let name = page.file_name().unwrap().to_str().unwrap();
        let text = include_str!("probe.html").replace("PAGE", name).replace("WIDTH", &width.to_string());
        fs::write(&probe, text).unwrap();
        // Blink's numbers for what is preferred.
        let prefers = format!("--blink-settings=preferredColorScheme={}", u32::from(scheme == Scheme::Light));
        let arguments =
            ["--dump-dom", "--virtual-time-budget=20000", "--allow-file-access-from-files", "--enable-logging=stderr"];
        let (dom, log) = self.open(&probe, &[&arguments[..], &[prefers.as_str()]].concat());
        let said: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
        assert!(said.is_empty(), "on the console of {}: {said:#?}", page.display());
        let found = dom.split("<pre id=\"found\">").nth(1).and_then(|rest| rest.split("</pre>").next());
        let found = found.unwrap_or_else(|| panic!("nothing was found:\n{dom}\n{log}"));
        let found = found.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", "\u{a0}").replace("&amp;", "&");
        serde_json::from_str(&found).unwrap_or_else(|error| panic!("{error} in '{found}'\n{log}"))
    }

    /// How many pages the page has on paper.
    pub fn print(&self, page: &Path) -> usize {
        let file = page.with_extension("pdf");
        self.open(page, &["--no-pdf-header-footer", &format!("--print-to-pdf={}", file.display())]);
        let bytes = fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        text.split("/Type /Page").skip(1).filter(|rest| !rest.starts_with('s')).count()
    }

    /// Opens a page and waits for the browser's end: what it printed, and what it logged.
    fn open(&self, page: &Path, arguments: &[&str]) -> (String, String) {
        let file = |end: &str| page.with_extension(end);
        let profile = file("profile");
        let mut child = Command::new(&self.0)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1600,1200"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .args(arguments)
            .arg(format!("file://{}", page.display()))
            .stdin(Stdio::null())
            .stdout(File::create(file("stdout")).unwrap())
            .stderr(File::create(file("stderr")).unwrap())
            .spawn()
            .unwrap();
        let start = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if start.elapsed() > Self::PATIENCE {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("{} does not open {} in {:?}", self.0.display(), page.display(), Self::PATIENCE);
            }
            sleep(Duration::from_millis(50));
        }
        let _ = fs::remove_dir_all(profile);
        let text = |end: &str| String::from_utf8_lossy(&fs::read(file(end)).unwrap()).into_owned();
        (text("stdout"), text("stderr"))
    }
}
