//! `seatrial completions` and `seatrial man`, in the words of `--help`.

use clap::Args;
use clap_complete::Shell;

/// Prints a script that lets a shell complete verbs, options and files.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true, after_help = AFTER_COMPLETIONS)]
pub struct Completions {
    /// The shell.
    pub shell: Shell,
}

/// Prints a manual page in the form that `man` reads.
#[derive(Debug, Args)]
#[command(after_help = AFTER_MAN)]
pub struct Man {
    /// The verb; none for the page of the whole command.
    pub verb: Option<String>,
}

const AFTER_COMPLETIONS: &str = "\
Where to put it:
  bash        seatrial completions bash > ~/.local/share/bash-completion/completions/seatrial
  zsh         seatrial completions zsh > ~/.zfunc/_seatrial
              and in ~/.zshrc: fpath+=~/.zfunc; autoload -U compinit; compinit
  fish        seatrial completions fish > ~/.config/fish/completions/seatrial.fish
  powershell  seatrial completions powershell >> $PROFILE
  elvish      seatrial completions elvish >> ~/.config/elvish/rc.elv";

const AFTER_MAN: &str = "\
Where to put it:
  seatrial man > ~/.local/share/man/man1/seatrial.1
  seatrial man run > ~/.local/share/man/man1/seatrial-run.1

To read it at once:
  seatrial man | man -l -";
