//! What the last stage of `cargo xtask test` looks at: the logs of all processes that tests start, and the secrets that those
//! were given. `E2E_KEPT` names the folder: logs lie in `logs/`, and `secrets` has a line for each, its kind and a tab before
//! it. Without that name nothing is kept.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

/// Shorter texts stand in any log by chance.
const SHORTEST: usize = 6;

/// The folder, if something is to be kept.
pub fn dir() -> Option<PathBuf> {
    std::env::var_os("E2E_KEPT").map(PathBuf::from)
}

/// A file for the log of process `id` that is called `name`.
///
/// # Panics
/// Where it cannot be made.
pub fn log(name: &str, id: u32) -> Option<File> {
    let path = dir()?.join("logs").join(format!("{name}-{id}.log"));
    let file = OpenOptions::new().create(true).append(true).open(&path);
    Some(file.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// Notes a secret. Of one of several lines each is noted; of a token its signature, too.
///
/// # Panics
/// Where it cannot be written down.
pub fn secret(kind: &str, text: &str) {
    let Some(dir) = dir() else { return };
    let mut file = OpenOptions::new().create(true).append(true).open(dir.join("secrets")).expect("secrets can be kept");
    let signature = text.rsplit_once('.').map(|(_, signature)| signature);
    for line in text.lines().chain(signature).map(str::trim).filter(|line| line.len() >= SHORTEST) {
        if !line.starts_with("-----") {
            // One write, so that lines of several processes do not mix.
            file.write_all(format!("{kind}\t{line}\n").as_bytes()).expect("secrets can be kept");
        }
    }
}

/// Notes what a service is handed in files, by flags and by its environment.
pub fn secrets_of(command: &Command) {
    if dir().is_none() {
        return;
    }
    let arguments: Vec<&OsStr> = command.get_args().collect();
    let flags = arguments.windows(2).map(|pair| (pair[0].to_string_lossy().into_owned(), pair[1]));
    let variables = command.get_envs().filter_map(|(name, value)| Some((name.to_string_lossy().into_owned(), value?)));
    for (name, value) in flags.chain(variables) {
        let name = name.trim_start_matches("--").to_ascii_lowercase().replace('_', "-");
        let name = name.strip_prefix("cd-").unwrap_or(&name);
        match name {
            "auth-secret-file" | "history-password-file" | "history-api-key-file" => {
                secret_file(name, Path::new(value))
            }
            "kafka-options" => secrets_of_options(&value.to_string_lossy()),
            _ => {}
        }
    }
}

fn secrets_of_options(options: &str) {
    for (name, value) in options.split(';').filter_map(|option| option.trim().split_once('=')) {
        match name {
            "ssl.key.location" => secret_file(name, Path::new(value)),
            _ if name.ends_with("_FILE") => secret_file(name, Path::new(value)),
            "sasl.password" | "ssl.key.password" | "ssl.key.pem" => secret(name, value),
            _ => {}
        }
    }
}

/// Notes what a file holds, if it is there.
pub fn secret_file(kind: &str, path: &Path) {
    if let Ok(text) = fs::read_to_string(path) {
        secret(kind, &text);
    }
}

/// Keeps a copy of the logs of servers in a folder, of any depth, and notes the passwords and keys there.
pub fn servers(name: &str, folder: &Path) {
    let Some(dir) = dir() else { return };
    let mut places = vec![folder.to_path_buf()];
    while let Some(place) = places.pop() {
        for path in fs::read_dir(&place).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())) {
            let ending = path.extension().map(|ending| ending.to_string_lossy().into_owned()).unwrap_or_default();
            if path.is_dir() && !path.is_symlink() {
                places.push(path);
            } else if ending == "log" && path.components().any(|part| part.as_os_str() == "logs") || ending == "out" {
                let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                // One that cannot be read any more had its say.
                let _ = fs::copy(&path, dir.join("logs").join(format!("{name}-{file}")));
            } else if ["password", "key"].contains(&ending.as_str()) {
                secret_file("servers'", &path);
            }
        }
    }
}
