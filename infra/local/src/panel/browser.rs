//! Opens the page in the user's browser, where there is one.

use std::io::{IsTerminal as _, stdout};

use crate::Variable;
use crate::output::message;

/// Opens `url`, or prints how to reach it. A browser that does not open is not an error: the address is printed.
pub fn open(url: &str, is_off: bool, variable: Variable) {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    if is_set("SSH_CONNECTION") {
        let port = url.trim_end_matches('/').rsplit(':').next().unwrap_or_default();
        message(&format!("On your own machine: ssh -L {port}:127.0.0.1:{port} <this machine>, then open {url}\n"));
    } else if !is_off && is_wanted(stdout().is_terminal(), is_set) {
        let _ = open::that_detached(url);
    }
}

/// Without a display, `xdg-open` would hang or start a browser in the terminal.
fn is_wanted(is_terminal: bool, is_set: impl Fn(&str) -> bool) -> bool {
    let has_display = !cfg!(target_os = "linux") || ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"].into_iter().any(&is_set);
    is_terminal && has_display && !is_set("CI")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_needs_a_terminal_and_a_display() {
        let with = |names: &'static [&'static str]| move |name: &str| names.contains(&name);
        assert!(is_wanted(true, with(&["DISPLAY"])));
        assert!(is_wanted(true, with(&["WSL_DISTRO_NAME"])));
        assert!(!is_wanted(false, with(&["DISPLAY"])));
        assert!(!is_wanted(true, with(&["DISPLAY", "CI"])));
        assert_eq!(is_wanted(true, with(&[])), !cfg!(target_os = "linux"));
    }
}
