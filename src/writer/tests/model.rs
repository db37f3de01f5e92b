//! A file system in memory in which any call can go wrong.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use rustix::io::Errno;

use super::super::fs::{Fs, Look};

/// What happens at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It fails and does nothing.
    Error(Errno),
    /// A write takes a part only.
    Short,
    /// A write takes a part, and the rest fails.
    ShortThen(Errno),
    /// It takes ten seconds.
    Delay,
    /// The process dies before it is done; of a write a part is.
    KillBefore,
    /// The process dies when it is done.
    KillAfter,
}

/// A handle to the disk. The disk outlives processes.
#[derive(Clone)]
pub(super) struct Model(Arc<Mutex<World>>);

struct World {
    now: Instant,
    calls: u64,
    /// From this call on, for so many, this happens.
    fault: Option<(u64, u64, Fault)>,
    /// The process is dead: nothing it does has an effect.
    is_dead: bool,
    next_id: u64,
    dirs: BTreeMap<PathBuf, u64>,
    names: BTreeMap<(u64, String), u64>,
    files: BTreeMap<u64, Vec<u8>>,
    then: Option<Errno>,
    /// Files that a process deleted.
    graveyard: Vec<u64>,
}

impl Model {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(World {
            now: Instant::now(),
            calls: 0,
            fault: None,
            is_dead: false,
            next_id: 1,
            dirs: BTreeMap::new(),
            names: BTreeMap::new(),
            files: BTreeMap::new(),
            then: None,
            graveyard: Vec::new(),
        })))
    }

    pub(super) fn plan(&self, call: u64, times: u64, fault: Fault) {
        self.world().fault = Some((call, times, fault));
    }

    pub(super) fn heal(&self) {
        let mut world = self.world();
        (world.fault, world.then) = (None, None);
    }

    pub(super) fn calls(&self) -> u64 {
        self.world().calls
    }

    pub(super) fn now(&self) -> Instant {
        self.world().now
    }

    pub(super) fn pass(&self, time: Duration) {
        self.world().now += time;
    }

    pub(super) fn is_dead(&self) -> bool {
        self.world().is_dead
    }

    /// A new process.
    pub(super) fn revive(&self) {
        self.world().is_dead = false;
        self.heal();
    }

    /// All files that have a name, by directory and name.
    pub(super) fn files(&self) -> BTreeMap<(u64, String), Vec<u8>> {
        let world = self.world();
        world.names.iter().map(|(name, id)| (name.clone(), world.files[id].clone())).collect()
    }

    /// Files that processes deleted, to make room for others.
    pub(super) fn expired(&self) -> Vec<Vec<u8>> {
        let world = self.world();
        world.graveyard.iter().map(|id| world.files[id].clone()).collect()
    }

    /// What others do: delete the directory with all that is in it.
    pub(super) fn delete_dir(&self) {
        let mut world = self.world();
        let gone = std::mem::take(&mut world.dirs);
        world.names.retain(|(dir, _), _| !gone.values().any(|id| id == dir));
    }

    pub(super) fn delete(&self, name: &str) {
        self.world().names.retain(|(_, it), _| it != name);
    }

    pub(super) fn move_away(&self, name: &str, to: &str) {
        let mut world = self.world();
        let found: Vec<_> = world.names.keys().filter(|(_, it)| it == name).cloned().collect();
        for (dir, name) in found {
            let id = world.names.remove(&(dir, name)).unwrap();
            world.names.insert((dir, to.into()), id);
        }
    }

    pub(super) fn truncate(&self, name: &str) {
        let mut world = self.world();
        let found: Vec<_> = world.names.iter().filter(|((_, it), _)| it == name).map(|(_, id)| *id).collect();
        for id in found {
            world.files.get_mut(&id).unwrap().clear();
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    /// A call: what was planned happens, else what it does.
    fn call<T>(&self, does: impl FnOnce(&mut World) -> io::Result<T>) -> io::Result<T> {
        let mut world = self.world();
        if world.is_dead {
            return Err(Errno::IO.into());
        }
        world.calls += 1;
        match world.due() {
            Some(Fault::Error(errno) | Fault::ShortThen(errno)) => Err(errno.into()),
            Some(Fault::Delay) => {
                world.now += Duration::from_secs(10);
                does(&mut world)
            }
            Some(Fault::KillBefore) => {
                world.is_dead = true;
                Err(Errno::IO.into())
            }
            Some(Fault::KillAfter) => {
                let done = does(&mut world);
                world.is_dead = true;
                done.and(Err(Errno::IO.into()))
            }
            Some(Fault::Short) | None => does(&mut world),
        }
    }
}

impl World {
    fn due(&self) -> Option<Fault> {
        let (from, times, fault) = self.fault?;
        (from..from + times).contains(&self.calls).then_some(fault)
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn look(&self, id: u64) -> Look {
        let is_named =
            self.names.values().any(|named| *named == id) || self.dirs.values().any(|dir| *dir == id);
        let bytes = self.files.get(&id).map_or(0, |bytes| bytes.len() as u64);
        Look { id: (1, id), bytes, is_named, is_ours: true, mode: 0o640 }
    }

    fn named(&self, dir: u64, name: &str) -> io::Result<u64> {
        self.names.get(&(dir, name.into())).copied().ok_or_else(|| Errno::NOENT.into())
    }
}

impl Fs for Model {
    type Dir = u64;
    type File = u64;

    fn open_dir(&self, path: &Path) -> io::Result<u64> {
        self.call(|world| world.dirs.get(path).copied().ok_or_else(|| Errno::NOENT.into()))
    }

    fn create_dir(&self, path: &Path, _: u32) -> io::Result<()> {
        self.call(|world| {
            let id = world.id();
            world.dirs.insert(path.into(), id);
            Ok(())
        })
    }

    fn look_dir(&self, dir: &u64) -> io::Result<Look> {
        self.call(|world| Ok(world.look(*dir)))
    }

    fn find_dir(&self, path: &Path) -> io::Result<Look> {
        self.call(|world| {
            let id = world.dirs.get(path).copied().ok_or(Errno::NOENT)?;
            Ok(world.look(id))
        })
    }

    fn open(&self, dir: &u64, name: &str) -> io::Result<u64> {
        self.call(|world| world.named(*dir, name))
    }

    fn create(&self, dir: &u64, name: &str, _: u32) -> io::Result<u64> {
        self.call(|world| {
            if world.named(*dir, name).is_ok() {
                return Err(Errno::EXIST.into());
            }
            if !world.dirs.values().any(|known| known == dir) {
                return Err(Errno::NOENT.into());
            }
            let id = world.id();
            world.files.insert(id, Vec::new());
            world.names.insert((*dir, name.into()), id);
            Ok(id)
        })
    }

    fn permit(&self, _: &u64, _: u32) -> io::Result<()> {
        self.call(|_| Ok(()))
    }

    fn look(&self, file: &u64) -> io::Result<Look> {
        self.call(|world| Ok(world.look(*file)))
    }

    fn find(&self, dir: &u64, name: &str) -> io::Result<Look> {
        self.call(|world| Ok(world.look(world.named(*dir, name)?)))
    }

    fn byte_at(&self, file: &u64, offset: u64) -> io::Result<u8> {
        self.call(|world| Ok(world.files[file][offset as usize]))
    }

    fn write(&self, file: &mut u64, bytes: &[u8]) -> io::Result<usize> {
        let mut world = self.world();
        if let Some(errno) = world.then.take() {
            world.calls += 1;
            return Err(errno.into());
        }
        // Where a write ends in its middle is different each time.
        let part = match world.calls % 4 {
            0 => 1,
            1 => bytes.len() - 1,
            _ => bytes.len() / 2,
        };
        let next = world.fault.filter(|(from, times, _)| (*from..from + times).contains(&(world.calls + 1)));
        let part = match next {
            Some((.., Fault::Short)) => part,
            Some((.., Fault::ShortThen(errno))) if !world.is_dead => {
                world.calls += 1;
                world.then = Some(errno);
                world.files.get_mut(file).unwrap().extend_from_slice(&bytes[..part]);
                return Ok(part);
            }
            Some((.., Fault::KillBefore)) => {
                let is_dead = world.is_dead;
                if !is_dead {
                    world.files.get_mut(file).unwrap().extend_from_slice(&bytes[..part]);
                }
                bytes.len()
            }
            _ => bytes.len(),
        };
        drop(world);
        self.call(|world| {
            world.files.get_mut(file).unwrap().extend_from_slice(&bytes[..part]);
            Ok(part)
        })
    }

    fn cut(&self, file: &u64, bytes: u64) -> io::Result<()> {
        self.call(|world| {
            world.files.get_mut(file).unwrap().truncate(bytes as usize);
            Ok(())
        })
    }

    fn rename(&self, dir: &u64, from: &str, to: &str) -> io::Result<()> {
        self.call(|world| {
            let id = world.named(*dir, from)?;
            world.names.remove(&(*dir, from.into()));
            let replaced = world.names.insert((*dir, to.into()), id);
            world.graveyard.extend(replaced);
            Ok(())
        })
    }

    fn publish(&self, dir: &u64, from: &str, to: &str) -> io::Result<()> {
        self.call(|world| {
            let id = world.named(*dir, from)?;
            if world.names.contains_key(&(*dir, to.into())) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            world.names.remove(&(*dir, from.into()));
            world.names.insert((*dir, to.into()), id);
            Ok(())
        })
    }

    fn remove(&self, dir: &u64, name: &str) -> io::Result<()> {
        self.call(|world| {
            world.named(*dir, name)?;
            let removed = world.names.remove(&(*dir, name.into()));
            world.graveyard.extend(removed);
            Ok(())
        })
    }

    fn lock(&self, _: &u64) -> io::Result<()> {
        self.call(|_| Ok(()))
    }

    fn unlock(&self, _: &u64) -> io::Result<()> {
        self.call(|_| Ok(()))
    }
}
