/** The variables that `${…}` can name. */
export type Env = Readonly<Record<string, string | undefined>>;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export type Filled = { readonly is: "filled"; readonly text: string } | { readonly is: "wrong"; readonly message: string };

/** `${VAR}`, `${VAR:-default}`, `${VAR:?message}`: what one of them stands for. */
function expand(inner: string, env: Env): Filled {
  const at = inner.search(/:[-?]/);
  const name = at === -1 ? inner : inner.slice(0, at);
  if (!NAME.test(name)) {
    const message = `\${${inner}} is not a variable; it must be \${NAME}, \${NAME:-default} or \${NAME:?message} (write $\${ for a literal \${)`;
    return { is: "wrong", message };
  }
  const value = env[name];
  if (at === -1) {
    const message = `the environment variable ${name} is not set; set it, or give a default: \${${name}:-default}`;
    return value === undefined ? { is: "wrong", message } : { is: "filled", text: value };
  }
  if (value !== undefined && value !== "") return { is: "filled", text: value };
  const rest = inner.slice(at + 2);
  if (inner[at + 1] === "-") return { is: "filled", text: rest };
  return { is: "wrong", message: `the environment variable ${name} is not set: ${rest === "" ? "it is required" : rest}` };
}

/**
 * Fills in the variables of one scalar. What a variable holds is not looked at again, so a value can add no structure.
 *
 * `:-` and `:?` also hold for a variable that is set and empty, as in a shell. `$${` is a literal `${`.
 */
export function fill(text: string, env: Env): Filled {
  let filled = "";
  let rest = text;
  for (;;) {
    const start = rest.indexOf("${");
    if (start === -1) return { is: "filled", text: filled + rest };
    if (rest[start - 1] === "$") {
      filled += `${rest.slice(0, start - 1)}\${`;
      rest = rest.slice(start + 2);
      continue;
    }
    const end = rest.indexOf("}", start);
    if (end === -1) return { is: "wrong", message: `a \${ has no }; write $\${ for a literal \${` };
    const one = expand(rest.slice(start + 2, end), env);
    if (one.is === "wrong") return one;
    filled += rest.slice(0, start) + one.text;
    rest = rest.slice(end + 1);
  }
}
