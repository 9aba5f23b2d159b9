//! The component through which a recorded call reaches the host.
//!
//! The host's functions take and give Rust types; what is recorded are values
//! of any type. Between the two stands a small component, written here for the
//! plugin at hand: it imports every function that the plugin imports, and
//! exports each under a number, handing arguments and results on as they are.

mod shape;
mod types;

use super::imports::{Function, Imports, Instance};
use shape::{Core, Shape};
use std::fmt::Write as _;
use types::{Named, quoted};
use wasmtime::component::ResourceType;

/// The export that relays the function with this number.
pub(super) fn export(number: usize) -> String {
    format!("f{number}")
}

/// The component, as text.
///
/// # Errors
///
/// Types that no interface of a plugin has: streams, futures, and borrowed
/// handles deep within others.
pub(super) fn component(imports: &Imports) -> wasmtime::Result<String> {
    let mut text = Relay {
        resources: &imports.resources,
        imports: String::new(),
        lowered: String::new(),
        module: String::new(),
        host: String::new(),
        lifted: String::new(),
    };
    let mut introduced = vec![false; imports.resources.len()];
    for (i, instance) in imports.instances.iter().enumerate() {
        text.instance(i, instance, &mut introduced)?;
    }
    Ok(text.finish())
}

/// The parts, in the order in which they stand in the end.
struct Relay<'a> {
    resources: &'a [ResourceType],
    imports: String,
    lowered: String,
    module: String,
    host: String,
    lifted: String,
}

impl Relay<'_> {
    fn instance(
        &mut self,
        i: usize,
        instance: &Instance,
        introduced: &mut [bool],
    ) -> wasmtime::Result<()> {
        let mut named = Named {
            resources: self.resources,
            types: Vec::new(),
            declarations: String::new(),
        };
        let mut exported = Vec::new();
        let mut is_here = vec![false; introduced.len()];
        for (name, number) in &instance.resources {
            if is_here[*number] {
                // Another name of the same resource.
                let _ = writeln!(
                    named.declarations,
                    "    (export {} (type (eq $r{number})))",
                    quoted(name)
                );
                continue;
            }
            is_here[*number] = true;
            let bound = if introduced[*number] {
                let _ = writeln!(
                    named.declarations,
                    "    (alias outer 1 $r{number} (type $outer{number}))"
                );
                format!("(eq $outer{number})")
            } else {
                "(sub resource)".to_owned()
            };
            let _ = writeln!(
                named.declarations,
                "    (export {} (type $r{number} {bound}))",
                quoted(name)
            );
            if !introduced[*number] {
                introduced[*number] = true;
                exported.push((name, *number));
            }
        }
        // Resources that its functions use without an export of that name.
        for (number, is_introduced) in introduced.iter().enumerate() {
            let is_exported = instance.resources.iter().any(|(_, known)| *known == number);
            if *is_introduced && !is_exported {
                let _ = writeln!(
                    named.declarations,
                    "    (alias outer 1 $r{number} (type $r{number}))"
                );
            }
        }
        for function in &instance.functions {
            let ty = named.function(&function.ty, "$t")?;
            let _ = writeln!(
                named.declarations,
                "    (export {} (func {ty}))",
                quoted(&function.name)
            );
        }
        let _ = writeln!(
            self.imports,
            "  (import {} (instance $i{i}\n{}  ))",
            quoted(&instance.name),
            named.declarations
        );
        for (name, number) in exported {
            let _ = writeln!(
                self.imports,
                "  (alias export $i{i} {} (type $r{number}))",
                quoted(name)
            );
        }
        for t in 0..named.types.len() {
            let _ = writeln!(
                self.imports,
                "  (alias export $i{i} \"t{t}\" (type $i{i}t{t}))"
            );
        }
        for function in &instance.functions {
            self.function(i, function, &mut named)?;
        }
        Ok(())
    }

    fn function(
        &mut self,
        i: usize,
        function: &Function,
        named: &mut Named<'_>,
    ) -> wasmtime::Result<()> {
        let n = function.number;
        let Shape {
            params,
            result,
            is_indirect,
            borrowed,
        } = Shape::of(function, self.resources)?;
        let _ = writeln!(
            self.lowered,
            "  (alias export $i{i} {} (func $i{n}f))\n  (core func $h{n} (canon lower (func $i{n}f) (memory (core memory $libc \"memory\")) (realloc (core func $libc \"realloc\"))))",
            quoted(&function.name)
        );
        let _ = writeln!(self.host, "    (export \"{n}\" (func $h{n}))");

        let core = |kinds: &[Core]| -> String {
            kinds.iter().flat_map(|kind| [" ", kind.as_str()]).collect()
        };
        let mut lowered = params.clone();
        if is_indirect {
            lowered.push(Core::I32);
        }
        let direct: Vec<Core> = result.iter().copied().filter(|_| !is_indirect).collect();
        let lifted = if is_indirect {
            vec![Core::I32]
        } else {
            direct.clone()
        };
        let _ = writeln!(
            self.module,
            "    (import \"host\" \"{n}\" (func $h{n} (param{}) (result{})))",
            core(&lowered),
            core(&direct)
        );
        let mut body = String::new();
        if is_indirect {
            let _ = write!(
                body,
                "(local.set $ret (call $realloc (i32.const 0) (i32.const 0) (i32.const 8) (i32.const {})))",
                8 * result.len()
            );
        }
        for at in 0..params.len() {
            let _ = write!(body, "(local.get {at})");
        }
        if is_indirect {
            body.push_str("(local.get $ret)");
        }
        let _ = write!(body, "(call $h{n})");
        for (at, resource, is_list) in borrowed {
            if is_list {
                let _ = write!(
                    body,
                    "(call $each{resource} (local.get {at}) (local.get {}))",
                    at + 1
                );
            } else {
                let _ = write!(body, "(call $d{resource} (local.get {at}))");
            }
        }
        if is_indirect {
            body.push_str("(local.get $ret)");
        }
        let _ = writeln!(
            self.module,
            "    ;;body (func (export \"{n}\") (param{}) (result{}) (local $ret i32) {body})\n    ;;body (func (export \"post{n}\") (param{}) (call $reset))",
            core(&params),
            core(&lifted),
            core(&lifted)
        );
        let ty = named.function(&function.ty, &format!("$i{i}t"))?;
        let _ = writeln!(
            self.lifted,
            "  (func $x{n} {ty} (canon lift (core func $relay \"{n}\") (memory (core memory $libc \"memory\")) (realloc (core func $libc \"realloc\")) (post-return (core func $relay \"post{n}\"))))\n  (export \"{}\" (func $x{n}))",
            export(n)
        );
        Ok(())
    }

    fn finish(self) -> String {
        let mut drops = String::new();
        let mut drop_imports = String::new();
        let mut drop_exports = String::new();
        let mut each = String::new();
        for number in 0..self.resources.len() {
            let _ = writeln!(
                drops,
                "  (core func $d{number} (canon resource.drop $r{number}))"
            );
            let _ = writeln!(
                drop_imports,
                "    (import \"drop\" \"{number}\" (func $d{number} (param i32)))"
            );
            let _ = writeln!(drop_exports, "    (export \"{number}\" (func $d{number}))");
            let _ = writeln!(
                each,
                "    (func $each{number} (param $at i32) (param $left i32)
      (block $done (loop $next
        (br_if $done (i32.eqz (local.get $left)))
        (call $d{number} (i32.load (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br $next))))"
            );
        }
        // Imports of a module stand before its functions.
        let (bodies, imports): (Vec<&str>, Vec<&str>) = self
            .module
            .lines()
            .partition(|line| line.trim_start().starts_with(";;body "));
        let bodies = bodies.join("\n").replace(";;body ", "");
        format!(
            "(component
{}  (core module $libc-module {LIBC})
  (core instance $libc (instantiate $libc-module))
{}{drops}  (core module $relay-module
    (import \"libc\" \"memory\" (memory 1))
    (import \"libc\" \"realloc\" (func $realloc (param i32 i32 i32 i32) (result i32)))
    (import \"libc\" \"reset\" (func $reset))
{}
{drop_imports}{each}{bodies}
  )
  (core instance $host
{}  )
  (core instance $drop
{drop_exports}  )
  (core instance $relay (instantiate $relay-module
    (with \"libc\" (instance $libc))
    (with \"host\" (instance $host))
    (with \"drop\" (instance $drop))))
{})
",
            self.imports,
            self.lowered,
            imports.join("\n"),
            self.host,
            self.lifted
        )
    }
}

/// Memory that is taken from its beginning to its end, and all given back when
/// a call is over.
const LIBC: &str = r#"
    (memory (export "memory") 2)
    (global $top (mut i32) (i32.const 1024))
    (func (export "reset") (global.set $top (i32.const 1024)))
    (func (export "realloc") (param $old i32) (param $old-bytes i32) (param $align i32) (param $bytes i32) (result i32)
      (local $new i32) (local $missing i32)
      (local.set $new (i32.and
        (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
      (global.set $top (i32.add (local.get $new) (local.get $bytes)))
      (local.set $missing (i32.sub
        (i32.add (i32.shr_u (global.get $top) (i32.const 16)) (i32.const 1))
        (memory.size)))
      (if (i32.gt_s (local.get $missing) (i32.const 0))
        (then (if (i32.eq (memory.grow (local.get $missing)) (i32.const -1)) (then unreachable))))
      (memory.copy (local.get $new) (local.get $old)
        (select (local.get $old-bytes) (local.get $bytes)
          (i32.lt_u (local.get $old-bytes) (local.get $bytes))))
      (local.get $new))
  "#;

#[cfg(test)]
mod tests {
    use super::super::imports::Imports;
    use super::component;
    use wasmtime::Engine;
    use wasmtime::component::Component;

    #[test]
    fn a_name_of_the_component_is_a_name_and_nothing_else() {
        let hostile = r#"(component
            (import "url=<https://a.example/\22 (instance)) (import \22b:c/d\22 (instance)) ;;body>"
                (instance (export "f" (func (param "p" u32) (result string))))))"#;
        let engine = Engine::default();
        let plugin = Component::new(&engine, wat::parse_str(hostile).unwrap()).unwrap();
        let imports = Imports::of(&plugin, &engine).unwrap();
        let text = component(&imports).unwrap();
        let relay = Component::new(&engine, wat::parse_str(&text).unwrap()).unwrap();
        let names = |component: &Component| -> Vec<String> {
            let ty = component.component_type();
            ty.imports(&engine)
                .map(|(name, _)| name.to_owned())
                .collect()
        };
        assert_eq!(names(&relay), names(&plugin), "{text}");
        assert!(names(&plugin)[0].contains("\" (instance"));
    }
}
