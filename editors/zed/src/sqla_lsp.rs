//! Tells Zed how to start `sqla-lsp`, and what to tell it.

use zed_extension_api::{
    self as zed, serde_json::Value, settings::LspSettings, Command, LanguageServerId, Result,
    Worktree,
};

struct SqlaLsp;

impl zed::Extension for SqlaLsp {
    fn new() -> Self {
        SqlaLsp
    }

    /// The program that the settings name, else the one on the PATH of the worktree.
    fn language_server_command(
        &mut self,
        id: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Command> {
        let binary = LspSettings::for_worktree(id.as_ref(), worktree)?.binary;
        let (path, arguments) = match binary {
            Some(binary) => (binary.path, binary.arguments),
            None => (None, None),
        };
        let command = path.or_else(|| worktree.which("sqla-lsp")).ok_or(
            "there is no sqla-lsp on the PATH: install it with `uv tool install sqla-lsp` or `pipx install sqla-lsp`",
        )?;
        Ok(Command {
            command,
            args: arguments.unwrap_or_else(|| vec!["server".to_string()]),
            env: worktree.shell_env(),
        })
    }

    fn language_server_initialization_options(
        &mut self,
        id: &LanguageServerId,
        worktree: &Worktree,
    ) -> Result<Option<Value>> {
        Ok(LspSettings::for_worktree(id.as_ref(), worktree)?.initialization_options)
    }
}

zed::register_extension!(SqlaLsp);
