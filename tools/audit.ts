/**
 * Looks the dependencies up among the known vulnerabilities, with `deno audit` and with `npm audit`,
 * which reads a `package.json` that is made of the import map for it.
 */

const root = new URL("../", import.meta.url);

/**
 * The npm packages of an import map, as `dependencies` of a `package.json`.
 *
 * @param imports The import map.
 */
export function npmDependencies(imports: Readonly<Record<string, string>>): Record<string, string> {
  const found = Object.values(imports).map((target) => /^npm:(.+)@([^@]+)$/.exec(target));
  return Object.fromEntries(found.flatMap((match) => match === null ? [] : [[match[1], match[2]]]));
}

async function run(program: string, args: readonly string[], cwd: string | URL): Promise<boolean> {
  // On Windows npm is a script, which only a shell can run.
  const [command, all] = Deno.build.os === "windows" && program === "npm"
    ? ["cmd", ["/c", program, ...args]]
    : [program, [...args]];
  const { success } = await new Deno.Command(command, {
    args: all,
    cwd,
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  return success;
}

async function npmAudit(): Promise<boolean> {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const folder = await Deno.makeTempDir();
  try {
    const content = { private: true, dependencies: npmDependencies(imports) };
    await Deno.writeTextFile(`${folder}/package.json`, JSON.stringify(content));
    return await run("npm", ["install", "--package-lock-only", "--silent"], folder) &&
      await run("npm", ["audit"], folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  const clean = [await run(Deno.execPath(), ["audit"], root), await npmAudit()];
  Deno.exit(clean.every((each) => each) ? 0 : 1);
}
