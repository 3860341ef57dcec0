//! A static file server: what the vendor's download site is elsewhere.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use crate::log;
use crate::web::{self, Request, Response};

/// Serves `folder` on `address` until the process is ended.
pub fn run(folder: &Path, address: &str) -> ExitCode {
    let listener = address
        .parse::<SocketAddr>()
        .map_err(|error| error.to_string())
        .and_then(|address| web::bind(address).map_err(|error| error.to_string()));
    match listener {
        Ok(listener) => {
            log::line("INFO", "serve", &format!("{} on http://{address}/", folder.display()));
            let folder = folder.to_path_buf();
            web::serve(&listener, move |request| {
                let response = answer(&folder, request);
                log::line("INFO", "serve", &format!("{} {} {}", request.method, request.path, response.status));
                response
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            log::line("ERROR", "serve", &format!("cannot listen on {address}: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn answer(folder: &Path, request: &Request) -> Response {
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return plain(405, "only GET and HEAD are served");
    }
    let Some(path) = inside(folder, &request.path) else { return plain(403, "not below the served folder") };
    if path.is_dir() {
        return list(&path);
    }
    match File::open(&path).and_then(|file| Ok((file.metadata()?.len(), file))) {
        Ok((length, file)) => Response {
            status: 200,
            headers: vec![("Content-Type", "application/octet-stream".to_owned())],
            body: Box::new(file),
            length,
        },
        Err(_) => plain(404, "no such file"),
    }
}

/// The path below `folder`, unless it leads out of it.
fn inside(folder: &Path, path: &str) -> Option<PathBuf> {
    let relative = Path::new(path.trim_start_matches('/'));
    relative.components().all(|part| matches!(part, Component::Normal(_))).then(|| folder.join(relative))
}

fn list(folder: &Path) -> Response {
    let Ok(entries) = folder.read_dir() else { return plain(404, "no such folder") };
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    plain(200, &names.join("\n"))
}

fn plain(status: u16, text: &str) -> Response {
    Response::text(status, "text/plain; charset=UTF-8", format!("{text}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_the_folder_is_served() {
        let folder = Path::new("/srv");
        assert_eq!(inside(folder, "/a/b.tar.gz"), Some(PathBuf::from("/srv/a/b.tar.gz")));
        assert_eq!(inside(folder, "/../etc/passwd"), None);
        assert_eq!(inside(folder, "//etc/passwd"), Some(PathBuf::from("/srv/etc/passwd")));
    }
}
