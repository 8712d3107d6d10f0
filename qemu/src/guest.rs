//! The system inside a running machine, through its console: came up, confirmed, answers.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use image_format::{Slot, Source};

use crate::console::ConsoleError;
use crate::machine::Machine;
use crate::proof::{Expected, Nonce, NotProved, Proof, question, verify_answer};

/// From power-on or reset to the system stage: minutes on a loaded machine without KVM.
const BOOT: Duration = Duration::from_secs(300);
/// An answer of the shell.
const ANSWER: Duration = Duration::from_secs(120);

/// The loader's words before it starts a system.
pub(crate) const NEXT_BOOT: &str = "twinkeel: starting ";
const PROMPT: &str = "twinkeel:~# ";

/// A machine whose console leads to our system.
pub struct Guest {
    machine: Machine,
}

impl Guest {
    /// The system of a machine that was just started.
    #[must_use]
    pub fn of(machine: Machine) -> Self {
        Self { machine }
    }

    /// Lets the scenario provoke what no healthy boot says.
    pub fn allow(&mut self, words: &str) {
        self.machine.console.allow(words);
    }

    /// Lets the scenario fail at once when these words come.
    pub fn forbid(&mut self, words: &'static str) {
        self.machine.console.forbid(words);
    }

    /// Waits for a line of the loader or of init, over a whole boot.
    ///
    /// # Errors
    /// See [`ConsoleError`].
    pub fn expect(&mut self, text: &str) -> Result<(), ConsoleError> {
        self.machine.console.expect(text, BOOT)
    }

    /// Waits for the next line, whatever it is.
    ///
    /// # Errors
    /// See [`ConsoleError`].
    pub fn next_line(&mut self) -> Result<String, ConsoleError> {
        self.machine.console.read_until("\n", BOOT)
    }

    /// Waits until a system is up, which must be the one of `source`.
    ///
    /// # Errors
    /// Another one came up, or see [`ConsoleError`].
    pub fn expect_up(&mut self, source: impl Into<Source>) -> Result<()> {
        let source = source.into();
        let before = self.machine.console.read_until(" is up (boot ", BOOT)?;
        let line = before.rsplit("twinkeel: ").next().unwrap_or_default();
        ensure!(
            line.starts_with(&format!("{source} version ")),
            "{source} should have come up, but {line} did"
        );
        Ok(())
    }

    /// Waits until the health gate has confirmed `slot`.
    ///
    /// # Errors
    /// See [`ConsoleError`].
    pub fn expect_confirmed(&mut self, slot: Slot) -> Result<(), ConsoleError> {
        self.expect(&format!("twinkeel: {slot} version "))?;
        self.expect(" is confirmed")
    }

    /// Asks the guest which system it is, and judges the answer.
    ///
    /// # Errors
    /// Another system than expected answers, or none does in this boot: as soon as the
    /// loader starts the next system, there is no answer, and that system is not asked.
    pub fn prove(&mut self, expected: Expected) -> Result<Proof, NotProved> {
        self.forbid(NEXT_BOOT);
        let answer = self.identify();
        self.allow(NEXT_BOOT);
        let answer = answer.map_err(NotProved::NoAnswer)?;
        verify_answer(&answer, &expected).map_err(|error| NotProved::by(error, answer))
    }

    fn identify(&mut self) -> Result<String> {
        // Kernel messages must not fall into the answer.
        self.run("dmesg -n 1")?;
        let nonce = Nonce::fresh()?;
        self.ask(&nonce, &question(&nonce))
    }

    /// Runs a command in the guest's shell and returns what it printed.
    ///
    /// # Errors
    /// The command fails, or does not end.
    pub fn run(&mut self, command: &str) -> Result<String> {
        let nonce = Nonce::fresh()?;
        let question = nonce.question(&format!("{command}; echo \"status $?\""));
        let answer = self.ask(&nonce, &question)?.replace('\r', "");
        match answer.rsplit_once("status ") {
            // What PID 1 says meanwhile may stand behind it.
            Some((output, status)) if status.lines().next() == Some("0") => {
                Ok(output.trim().to_owned())
            }
            _ => bail!("`{command}` failed in the guest:\n{answer}"),
        }
    }

    /// Waits until a port has an address.
    ///
    /// # Errors
    /// None gets one.
    pub fn expect_address(&mut self) -> Result<()> {
        self.run("until snappy network | grep -q configured; do sleep 1; done")?;
        Ok(())
    }

    /// Runs a command that has to fail and to say `reason`.
    ///
    /// # Errors
    /// It succeeds, does not end, or fails for another reason.
    pub fn require_refused(&mut self, command: &str, reason: &str) -> Result<()> {
        let failure = self.run(&format!("! {command} 2>&1"))?;
        ensure!(
            failure.contains(reason),
            "`{command}` failed for another reason:\n{failure}"
        );
        Ok(())
    }

    /// Runs a command that does not end by itself, and ends it with Ctrl-C.
    ///
    /// # Errors
    /// It goes on: no prompt comes.
    pub fn interrupt(&mut self, command: &str) -> Result<()> {
        self.shell()?;
        let nonce = Nonce::fresh()?;
        let console = &mut self.machine.console;
        console.type_line(&nonce.becoming(command))?;
        console.expect(&nonce.opening(), ANSWER)?;
        console.type_bytes(b"\x03")?;
        console.expect(PROMPT, ANSWER)?;
        Ok(())
    }

    /// Ends the shell.
    ///
    /// # Errors
    /// See [`ConsoleError`].
    pub fn leave_shell(&mut self) -> Result<(), ConsoleError> {
        self.shell()?;
        self.machine.console.type_line("exit")
    }

    /// Orderly: the system shuts down and switches the machine off.
    ///
    /// # Errors
    /// It does not.
    pub fn power_off(mut self) -> Result<()> {
        self.shell()?;
        self.machine.console.type_line("poweroff")?;
        self.machine.expect_power_off()
    }

    /// Orderly: the system shuts down and the machine starts again.
    ///
    /// # Errors
    /// See [`ConsoleError`].
    pub fn reboot(&mut self) -> Result<(), ConsoleError> {
        self.reboot_by("reboot")
    }

    /// The same, where another command has it done.
    ///
    /// # Errors
    /// See [`ConsoleError`].
    pub fn reboot_by(&mut self, command: &str) -> Result<(), ConsoleError> {
        self.shell()?;
        self.machine.console.type_line(command)
    }

    /// Ends the machine without telling the guest.
    ///
    /// # Errors
    /// QEMU does not answer.
    pub fn pull_the_plug(self) -> Result<()> {
        self.machine.pull_the_plug()
    }

    /// Pulls the cable of the network.
    ///
    /// # Errors
    /// The machine has no network.
    pub fn unplug_network(&self) -> Result<()> {
        self.machine.unplug_network()
    }

    /// Everything that the console said up to the last awaited text.
    #[must_use]
    pub fn heard(&self) -> String {
        self.machine.console.heard()
    }

    fn ask(&mut self, nonce: &Nonce, question: &str) -> Result<String> {
        self.shell()?;
        let console = &mut self.machine.console;
        console.type_line(question)?;
        console.expect(&nonce.opening(), ANSWER)?;
        Ok(console.read_until(&nonce.closing(), ANSWER)?)
    }

    /// An empty line brings a fresh prompt, whatever stands on the console.
    fn shell(&mut self) -> Result<(), ConsoleError> {
        self.machine.console.type_line("")?;
        self.machine.console.expect(PROMPT, ANSWER)
    }
}
