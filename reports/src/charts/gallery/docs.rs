//! The charts that the docs show.

use std::path::Path;

use super::super::Theme;
use super::pictures;

/// The charts of `docs/gallery/`: of each kind one that is typical.
const SHOWN: [&str; 11] = [
    "durations-two",
    "frontier-spares",
    "extra-short-few",
    "money-two",
    "tasks-rolling",
    "demand-ten",
    "replicas-few",
    "gantt-five",
    "waterfall-median",
    "tornado-few",
    "heat-map-grid",
];

/// (Golden: with `SEATRIAL_GALLERY` they are written anew.)
#[test]
fn the_gallery_of_the_docs_is_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/gallery");
    let page = std::fs::read_to_string(folder.join("README.md")).unwrap();
    for name in SHOWN {
        let (_, picture) = pictures().into_iter().find(|(known, _)| known == name).expect("it is drawn");
        for theme in Theme::ALL {
            let file = format!("{name}{}.svg", theme.suffix());
            assert!(page.contains(&format!("\"{file}\"")), "README.md shows {file}");
            let drawn = picture.svg(theme).unwrap();
            if std::env::var_os("SEATRIAL_GALLERY").is_some() {
                std::fs::write(folder.join(&file), &drawn).unwrap();
            }
            let shown = std::fs::read_to_string(folder.join(&file)).unwrap_or_default();
            assert!(
                shown == drawn,
                "docs/gallery/{file} is not what is drawn: SEATRIAL_GALLERY=DIR cargo test gallery"
            );
        }
    }
}
