import { pack } from "../../tools/pack.ts";

/** Packages that are installed beside Ballast, with the versions that the tests were written for. */
const PACKAGES = [
  "node@22",
  "bun@1.4",
  "hono@4",
  "@hono/node-server@2",
  "typescript@5",
];

const ROOT = new URL("../../", import.meta.url).pathname;

/** How a runtime is started. */
export interface Runtime {
  readonly name: "Deno" | "Node" | "Bun";
  /** Program and arguments that go before the file to run. */
  readonly command: readonly string[];
  /** Where programs have to be, so that they find the library by its name. */
  readonly folder: string;
  /** Additional environment variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Where nothing listens: servers are not to be asked for through a proxy. */
const DEAD_PROXY = { HTTP_PROXY: "http://127.0.0.1:9", NO_PROXY: "" };

/** An empty folder into which npm has installed the package from its tarball, and the runtimes. */
export class Installation implements AsyncDisposable {
  /** Where it is. */
  readonly folder: string;
  /** The tarball. */
  readonly tarball: string;
  /** Why there are no other runtimes than Deno; undefined where there are. */
  readonly missing: string | undefined;

  private constructor(folder: string, tarball: string, missing: string | undefined) {
    this.folder = folder;
    this.tarball = tarball;
    this.missing = missing;
  }

  /**
   * Makes the package and installs it.
   *
   * @throws {Error} If the package cannot be made, or cannot be installed though npm works.
   */
  static async make(): Promise<Installation> {
    const folder = await Deno.makeTempDir();
    const tarball = await pack(folder);
    await Deno.writeTextFile(`${folder}/package.json`, '{ "private": true, "type": "module" }\n');
    // First what has nothing to do with this project: without it, there is nothing to test.
    const missing = await install(folder, PACKAGES);
    const installation = new Installation(folder, tarball, missing);
    if (missing !== undefined) return installation;
    const failure = await install(folder, [tarball]);
    if (failure !== undefined) throw new Error(`Cannot install the package: ${failure}`);
    return installation;
  }

  /** The runtimes that can be tested here. */
  runtimes(): Runtime[] {
    const deno: Runtime = {
      name: "Deno",
      // The source itself, by the name that deno.json gives it.
      command: [Deno.execPath(), "run", "-A", "--quiet", "--config", `${ROOT}deno.json`],
      folder: `${ROOT}tests/runtimes/programs`,
    };
    if (this.missing !== undefined) return [deno];
    const { folder } = this;
    return [
      deno,
      { name: "Node", command: [`${folder}/node_modules/node/bin/node`], folder },
      {
        name: "Bun",
        command: [`${folder}/node_modules/.bin/bun`, "run"],
        folder,
        env: DEAD_PROXY,
      },
    ];
  }

  /** Copies a file of the project into the folder, and says where it is. */
  async copy(path: string): Promise<string> {
    const copy = `${this.folder}/${path.split("/").at(-1)}`;
    await Deno.copyFile(ROOT + path, copy);
    return copy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Installs packages, and says what npm says where it cannot. */
async function install(folder: string, packages: readonly string[]): Promise<string | undefined> {
  const args = ["install", "--no-audit", "--no-fund", "--loglevel=error", ...packages];
  try {
    const npm = new Deno.Command("npm", { args, cwd: folder, stdout: "null", stderr: "piped" });
    const { success, stderr } = await npm.output();
    return success ? undefined : new TextDecoder().decode(stderr).trim() || "npm install failed";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "npm is not there";
    throw error;
  }
}
