//! One process at a time on one data directory: two would produce each other's open deliveries.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
};

use service::StartError;

/// Held as long as the process uses the directory; the system gives it back even after a kill.
pub struct Lock(#[allow(dead_code)] File);

/// Makes the directory and takes the lock.
///
/// # Errors
/// [`StartError::Setting`] where the directory cannot be written, or another process has it.
pub fn take(dir: &Path) -> Result<Lock, StartError> {
    let fault = |what: &str, error: std::io::Error| {
        StartError::setting(format!("CD_DATA_DIR: cannot {what} {}: {error}", dir.display()))
    };
    std::fs::create_dir_all(dir).map_err(|error| fault("make", error))?;
    let path = dir.join("lock");
    let file = OpenOptions::new().create(true).write(true).truncate(false).open(path);
    let file = file.map_err(|error| fault("write", error))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => {
            Err(StartError::setting(format!("CD_DATA_DIR: {} is in use by another process", dir.display())))
        }
        Err(TryLockError::Error(error)) => Err(fault("lock", error)),
    }
}
