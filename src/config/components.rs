//! Parts of an application whose log entries have a file of their own (`LOG_COMPONENTS`).

/// Names are file names without `.log`.
const MAX_NAME: usize = 64;
const MAX_PREFIX: usize = 256;
/// The log's own files.
const TAKEN: [&str; 2] = ["api", "errors"];

/// Which file the log entries of a tracing target go to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Components {
    /// As they were given.
    all: Vec<Component>,
    /// Places in `all`, the longest prefix first.
    longest_first: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Component {
    name: String,
    prefix: String,
}

impl Components {
    /// Reads `mlx-server=mlx_manager::mlx_server;mlx-manager=mlx_manager`.
    ///
    /// # Errors
    ///
    /// The first part that cannot be meant, and why where that can be told; where there is none at all, the whole.
    pub(super) fn parse(text: &str) -> Result<Self, (&str, Option<&'static str>)> {
        let mut components = Self::default();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, prefix) = part.split_once('=').ok_or((part, None))?;
            components.add(name.trim().to_owned(), prefix.trim().to_owned());
            if let Some((_, why)) = components.wrong().next() {
                return Err((part, why));
            }
        }
        if components.all.is_empty() { Err((text, None)) } else { Ok(components) }
    }

    pub(crate) fn add(&mut self, name: String, prefix: String) {
        let shorter = |&place: &usize| self.prefix(place).len() >= prefix.len();
        self.longest_first.insert(self.longest_first.partition_point(shorter), self.all.len());
        self.all.push(Component { name, prefix });
    }

    /// The place, among [`names`](Self::names), of the component that a tracing target belongs to: the one with the
    /// longest prefix. None where the target belongs to no component.
    pub(crate) fn route(&self, target: &str) -> Option<usize> {
        self.longest_first.iter().copied().find(|&place| is_below(target, self.prefix(place)))
    }

    /// Their names, in the order they were given.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|component| &*component.name)
    }

    /// As it would be written in the environment.
    pub(super) fn told(&self) -> String {
        self.all.iter().map(told).collect::<Vec<_>>().join(";")
    }

    /// Those that cannot be meant, and why where that can be told.
    pub(super) fn wrong(&self) -> impl Iterator<Item = (String, Option<&'static str>)> {
        self.all.iter().enumerate().filter_map(|(place, component)| {
            let before = self.all.get(..place).unwrap_or_default();
            let why = component.slip().or_else(|| before.iter().find_map(|it| it.collision(component)));
            (why.is_some() || !component.is_allowed()).then(|| (told(component), why))
        })
    }

    fn prefix(&self, place: usize) -> &str {
        self.all.get(place).map_or("", |component| &component.prefix)
    }
}

impl Component {
    fn is_allowed(&self) -> bool {
        is_file_name(&self.name) && is_prefix(&self.prefix)
    }

    /// What it was surely meant to be.
    fn slip(&self) -> Option<&'static str> {
        if is_log(&self.name) {
            Some("the file is named name.log by itself")
        } else {
            self.prefix.contains(',').then_some("entries are separated by ;")
        }
    }

    /// Some file systems take `Db` and `db` for one name.
    fn collision(&self, other: &Self) -> Option<&'static str> {
        if self.name.eq_ignore_ascii_case(&other.name) {
            Some("its name is there twice")
        } else {
            (self.prefix == other.prefix).then_some("its target is there twice")
        }
    }
}

fn told(component: &Component) -> String {
    format!("{}={}", component.name, component.prefix)
}

/// `mlx_manager` and `mlx_manager::x` are below `mlx_manager`, `mlx_managerial` is not.
fn is_below(target: &str, prefix: &str) -> bool {
    target.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Its file would be `api.log.log`.
fn is_log(name: &str) -> bool {
    let end = name.len().saturating_sub(4);
    name.get(end..).is_some_and(|end| end.eq_ignore_ascii_case(".log"))
}

fn is_file_name(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        && !TAKEN.iter().any(|taken| name.eq_ignore_ascii_case(taken))
}

/// Targets may hold anything. What would never match, or belongs to the notation of the list, is a slip.
fn is_prefix(prefix: &str) -> bool {
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '*' | '=' | ';' | ',');
    prefix.len() <= MAX_PREFIX
        && !prefix.contains(is_odd)
        && !prefix.split("::").any(|part| part.is_empty() || part.starts_with(':') || part.ends_with(':'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn components(text: &str) -> Components {
        Components::parse(text).unwrap()
    }

    fn routed<'a>(components: &'a Components, target: &str) -> Option<&'a str> {
        components.names().nth(components.route(target)?)
    }

    #[test]
    fn the_longest_prefix_wins_in_whatever_order_they_stand() {
        for text in [
            "mlx-server=mlx_manager::mlx_server;mlx-manager=mlx_manager",
            "mlx-manager=mlx_manager;mlx-server=mlx_manager::mlx_server",
        ] {
            let components = components(text);
            for (target, name) in [
                ("mlx_manager", Some("mlx-manager")),
                ("mlx_manager::x", Some("mlx-manager")),
                ("mlx_manager::mlx_server", Some("mlx-server")),
                ("mlx_manager::mlx_server::x::y", Some("mlx-server")),
                ("mlx_manager::mlx_servers", Some("mlx-manager")),
                ("mlx_managerial", None),
                ("mlx_manager:", None),
                ("mlx_manager.x", None),
                ("mlx", None),
                ("x::mlx_manager", None),
                ("MLX_MANAGER", None),
                ("", None),
            ] {
                assert_eq!(routed(&components, target), name, "{target} of {text}");
            }
            assert_eq!(components.told(), text);
        }
    }

    #[test]
    fn where_there_are_none_nothing_is_routed() {
        assert_eq!(Components::default().route("mlx_manager"), None);
        assert_eq!(Components::default().names().count(), 0);
    }

    #[test]
    fn blanks_and_empty_parts_are_nothing() {
        assert_eq!(components(" a = b ;; c.d-e_1=f::g; "), components("a=b;c.d-e_1=f::g"));
        assert_eq!(components("db=sqlx;audit=billing.audit").names().collect::<Vec<_>>(), ["db", "audit"]);
    }

    #[test]
    fn names_are_safe_and_prefixes_can_match() {
        let (long, longer) = ("n".repeat(64), "n".repeat(65));
        for name in ["a", "0", "A.b_c-d", "apis", "error", &long] {
            assert!(Components::parse(&format!("{name}=x")).is_ok(), "{name}");
        }
        for name in [
            "", ".", "..", ".a", "-a", "_a", "a/b", "a b", "a\\b", "é", "a\0", "api", "API", "Errors",
            &longer,
        ] {
            let part = format!("{name}=x");
            assert_eq!(Components::parse(&format!("ok=y;{part}")), Err((part.trim(), None)), "{name}");
        }
        for prefix in ["x", "x::y", "my.target", "größe::x", "a:b", "http-access"] {
            assert!(Components::parse(&format!("a={prefix}")).is_ok(), "{prefix}");
        }
        let longer = "x".repeat(257);
        for prefix in ["", "::x", "x::", "x:", ":x", "a::::b", "a:::b", "x::*", "x y", "x=y", &longer] {
            let part = format!("a={prefix}");
            assert_eq!(Components::parse(&part), Err((&*part, None)), "{prefix}");
        }
    }

    #[test]
    fn what_stands_twice_is_pointed_at() {
        assert_eq!(Components::parse("a=x;b=y;A=z"), Err(("A=z", Some("its name is there twice"))));
        assert_eq!(Components::parse("a=x;b=x"), Err(("b=x", Some("its target is there twice"))));
        assert_eq!(Components::parse("a=x;b"), Err(("b", None)));
        assert_eq!(Components::parse(" ; "), Err((" ; ", None)));
    }

    #[test]
    fn slips_are_told() {
        for (part, why) in [
            ("db=sqlx,web=hyper", "entries are separated by ;"),
            ("api.log=x", "the file is named name.log by itself"),
            ("db.LOG=x", "the file is named name.log by itself"),
            (".log=x", "the file is named name.log by itself"),
        ] {
            assert_eq!(Components::parse(part), Err((part, Some(why))));
        }
        assert!(Components::parse("log=x;db.logs=y;catalog=z").is_ok());
    }

    proptest! {
        #[test]
        fn routing_is_the_longest_of_all_that_match(
            prefixes in proptest::collection::btree_set("(a|b|ab)(::(a|b|ab)){0,2}", 0..6),
            target in "(a|b|ab)(::(a|b|ab)){0,3}",
        ) {
            let mut components = Components::default();
            for (place, prefix) in prefixes.iter().enumerate() {
                components.add(format!("c{place}"), prefix.clone());
            }
            let is_match = |prefix: &&String| target == **prefix || target.starts_with(&format!("{prefix}::"));
            let longest = prefixes.iter().filter(is_match).max_by_key(|prefix| prefix.len());
            let place = longest.and_then(|longest| prefixes.iter().position(|prefix| prefix == longest));
            prop_assert_eq!(components.route(&target), place);
        }
    }
}
