//! The services of `hello` without a process: what is asked of them is written down, and
//! their logs are files like those of the supervisor.

use snap_services::{ClientError, ServiceStatus, Standing};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use updater::snaps::Services;

pub struct TestServices {
    logs: PathBuf,
    all: Mutex<BTreeMap<&'static str, (&'static str, Standing)>>,
    told: Mutex<Vec<String>>,
    /// Why nothing starts, if nothing does.
    pub breaks: Mutex<Option<String>>,
}

impl TestServices {
    pub fn new(root: &Path) -> Arc<Self> {
        let logs = root.join("logs");
        fs::create_dir_all(&logs).unwrap();
        Arc::new(Self {
            logs,
            all: Mutex::new(BTreeMap::from([
                ("greeter", ("running", Standing::Enabled)),
                ("ticker", ("scheduled", Standing::Enabled)),
            ])),
            told: Mutex::default(),
            breaks: Mutex::default(),
        })
    }

    /// What was asked since the last look.
    pub fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.told.lock().unwrap())
    }

    /// A line at the end of a log, as the supervisor writes it.
    pub fn write(&self, app: &str, line: &str) {
        let path = self.logs.join(format!("hello.{app}.log"));
        let mut file = File::options()
            .append(true)
            .create(true)
            .open(path)
            .unwrap();
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn tell(&self, act: &str, snap: &str, apps: &[String]) {
        let line = format!("{act} {snap} {}", apps.join(" "));
        self.told.lock().unwrap().push(line.trim_end().to_owned());
    }

    fn set(&self, apps: &[String], set: impl Fn(&mut (&'static str, Standing))) {
        let mut all = self.all.lock().unwrap();
        for (_, service) in all
            .iter_mut()
            .filter(|(name, _)| apps.iter().any(|app| app == *name))
        {
            set(service);
        }
    }
}

impl Services for TestServices {
    fn status(&self) -> Result<Vec<ServiceStatus>, ClientError> {
        let all = self.all.lock().unwrap();
        let status = |(app, (state, standing)): (&&str, &(&str, Standing))| ServiceStatus {
            snap: "hello".to_owned(),
            app: (*app).to_owned(),
            revision: "x1".to_owned(),
            state: (*state).to_owned(),
            detail: None,
            says: None,
            starts: 1,
            standing: *standing,
        };
        Ok(all.iter().map(status).collect())
    }

    fn start(&self, snap: &str, apps: &[String]) -> Result<(), ClientError> {
        self.tell("start", snap, apps);
        if let Some(reason) = self.breaks.lock().unwrap().clone() {
            return Err(ClientError::Refused(reason));
        }
        self.set(apps, |(state, _)| *state = "running");
        Ok(())
    }

    fn stop(&self, snap: &str, apps: &[String]) -> Result<(), ClientError> {
        self.tell("stop", snap, apps);
        self.set(apps, |(state, _)| *state = "stopped");
        Ok(())
    }

    fn reload(&self, snap: &str, app: &str) -> Result<(), ClientError> {
        self.tell("reload", snap, &[app.to_owned()]);
        Ok(())
    }

    fn enable(&self, snap: &str, apps: &[String], to: Standing) -> Result<(), ClientError> {
        let act = match to {
            Standing::Enabled => "enable",
            Standing::Disabled => "disable",
        };
        self.tell(act, snap, apps);
        self.set(apps, |(_, standing)| *standing = to);
        Ok(())
    }

    fn forget(&self, snap: &str) -> Result<(), ClientError> {
        self.tell("forget", snap, &[]);
        Ok(())
    }

    fn logs(&self) -> PathBuf {
        self.logs.clone()
    }
}
