/**
 * Makes the package for Node and Bun, `ballast-lb-VERSION.tgz`: `deno task pack [FOLDER]`.
 *
 * `deno pack` alone falls short: what it makes imports `@std/*`, which npm does not have. So the
 * code is bundled, with `@std` in it and without the packages that are on npm; the types are those
 * of `deno pack`.
 */
import { ROOT, run, withFolder } from "./process.ts";

/** The package's npm dependencies; everything else is bundled. */
const DEPENDENCIES = ["@logtape/logtape", "@opentelemetry/api", "dns-packet", "zod"];

/** The package's exports, each with its module: all of `deno.json` but the program, which is for Deno. */
const EXPORTS = { ".": "mod", "./dashboard": "src/dashboard/mod", "./etcd": "src/cluster/mod" };

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly imports: Readonly<Record<string, string>>;
}

/**
 * Makes the package.
 *
 * @param folder Where the file is to be.
 * @returns The path of the file.
 * @throws {Error} If a step fails, with what it said.
 */
export async function pack(folder: string): Promise<string> {
  const manifest: Manifest = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const file = `${folder}/ballast-lb-${manifest.version}.tgz`;
  await withFolder(async (work) => {
    const types = `${work}/types.tgz`;
    await run("deno", ["pack", "--allow-dirty", "--output", types]);
    await run("tar", ["-xzf", types, "-C", work]);
    await keepTypes(`${work}/package`);
    const external = DEPENDENCIES.flatMap((name) => ["--external", name]);
    // Shared code is split off, so that there is one class of each error.
    const bundle = ["bundle", ...external, "--code-splitting", "--outdir", `${work}/package`];
    await run("deno", [...bundle, ...Object.values(EXPORTS).map((module) => `${module}.ts`)]);
    const text = JSON.stringify(packageJson(manifest), null, 2);
    await Deno.writeTextFile(`${work}/package/package.json`, `${text}\n`);
    const license = new URL("tools/third_party_license.txt", ROOT);
    await Deno.copyFile(license, `${work}/package/THIRD_PARTY_LICENSE`);
    await run("tar", ["-czf", file, "-C", work, "package"]);
  });
  return file;
}

/** Leaves nothing in a folder but declarations, less those of the program, README and LICENSE. */
async function keepTypes(folder: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (name === "cli" || name === "schema") await Deno.remove(path, { recursive: true });
    else if (isDirectory) await keepTypes(path);
    else if (!/^README\.md$|^LICENSE$|(?<!^cli)\.d\.ts$/.test(name)) await Deno.remove(path);
  }
  if ((await Array.fromAsync(Deno.readDir(folder))).length === 0) await Deno.remove(folder);
}

function packageJson({ name, version, license, imports }: Manifest): Record<string, unknown> {
  return {
    name,
    version,
    description:
      "HTTP load balancer: weighted least connections, health checks, servers that change while it runs",
    keywords: ["load-balancer", "reverse-proxy", "least-connections", "http", "bun", "deno"],
    license,
    type: "module",
    sideEffects: false,
    exports: Object.fromEntries(
      Object.entries(EXPORTS).map(([name, module]) => [
        name,
        { types: `./${module}.d.ts`, default: `./${module}.js` },
      ]),
    ),
    engines: { node: ">=22.3", bun: ">=1.2" },
    dependencies: Object.fromEntries(
      DEPENDENCIES.map((name) => [name, versionRange(imports[name] ?? "")]),
    ),
  };
}

/** The range in a specifier like `npm:zod@^4.6.7`. */
function versionRange(specifier: string): string {
  return specifier.slice(specifier.lastIndexOf("@") + 1);
}

if (import.meta.main) {
  const file = await pack(Deno.args[0] ?? ".");
  // deno-lint-ignore no-console
  console.log(`Packed ${file}`);
}
