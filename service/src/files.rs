//! Reading a directory of small files that people may edit: one bad file is named and stops nothing else.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// Largest file that is read, bytes.
pub const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// What a directory held.
#[derive(Debug, Default)]
pub struct Listing {
    /// Name and content of each regular file, sorted by name.
    pub files: Vec<(String, Vec<u8>)>,
    /// Name of each file that was not read, and why.
    pub faults: Vec<(String, String)>,
}

/// Reads the regular files of `dir` (not of directories in it), sorted by name; hidden ones are left out. Fails where the
/// directory itself cannot be read.
pub fn read_dir_sorted(dir: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(dir)? {
        match entry?.file_name().into_string() {
            Ok(name) if !name.starts_with('.') => names.push(name),
            Ok(_) => {}
            Err(name) => listing.faults.push((name.to_string_lossy().into_owned(), "the name is not UTF-8".into())),
        }
    }
    names.sort_unstable();
    for name in names {
        match read(&dir.join(&name)) {
            Ok(Some(content)) => listing.files.push((name, content)),
            Ok(None) => {}
            Err(reason) => listing.faults.push((name, reason)),
        }
    }
    Ok(listing)
}

/// The content of a regular file; `None` for anything else.
fn read(path: &Path) -> Result<Option<Vec<u8>>, String> {
    if !fs::metadata(path).map_err(|error| error.to_string())?.is_file() {
        return Ok(None);
    }
    let mut content = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    // One byte more than is allowed tells a file that is too large, even one that grows while it is read.
    file.take(MAX_BYTES + 1).read_to_end(&mut content).map_err(|error| error.to_string())?;
    if content.len() as u64 > MAX_BYTES {
        return Err(format!("is larger than {} MiB", MAX_BYTES >> 20));
    }
    Ok(Some(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_sorted_and_too_large_ones_are_named() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.txt", "a.txt", ".hidden"] {
            fs::write(dir.path().join(name), name).unwrap();
        }
        fs::create_dir(dir.path().join("c")).unwrap();
        File::create(dir.path().join("big")).unwrap().set_len(MAX_BYTES + 1).unwrap();
        let listing = read_dir_sorted(dir.path()).unwrap();
        let names: Vec<&str> = listing.files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a.txt", "b.txt"]);
        assert_eq!(listing.faults, [("big".to_owned(), "is larger than 8 MiB".to_owned())]);
        assert!(read_dir_sorted(&dir.path().join("none")).is_err());
    }
}
