import { ROOT } from "./program.ts";

/** Where packages come from that are not in the project. */
const REAL_REGISTRY = "https://jsr.io/";
/** Where the stand-ins for `@std` are, where the real registry cannot be reached. */
const FACADES = new URL("vendor/jsr.io/", ROOT);

interface Package {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
  readonly publish: { readonly include: readonly string[] };
}

/**
 * A registry on this machine that has this project, as `deno publish` would send it, and the `@std`
 * packages, and that answers as JSR does: `@scope/name/meta.json` with the versions,
 * `@scope/name/1.0.0_meta.json` with the exports and the checksum of every file, and the files.
 */
export class JsrRegistry implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #files = new Map<string, Uint8Array<ArrayBuffer>>();

  private constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      ({ url }) => this.#answer(decodeURIComponent(new URL(url).pathname.slice(1))),
    );
  }

  /** Starts it. */
  static async start(): Promise<JsrRegistry> {
    const registry = new JsrRegistry();
    await registry.#publish(JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT))));
    for (const name of await foldersOf("@std/")) await registry.#addFacade(`@std/${name}`);
    return registry;
  }

  /** The value of `JSR_URL` that makes Deno use it. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #publish({ name, version, exports, imports, publish }: Package): Promise<void> {
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    for (const path of publish.include) {
      for (const file of await filesBelow(new URL(path, ROOT), path)) {
        const content = await Deno.readFile(new URL(file, ROOT));
        files.set(`/${file}`, file.endsWith(".ts") ? resolveImports(content, imports) : content);
      }
    }
    await this.#add({ name, version, exports, files });
  }

  async #addFacade(name: string): Promise<void> {
    const folder = new URL(`${name}/`, FACADES);
    const { latest } = JSON.parse(await Deno.readTextFile(new URL("meta.json", folder)));
    const meta = await Deno.readTextFile(new URL(`${latest}_meta.json`, folder));
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    for (const file of await filesBelow(new URL(`${latest}/`, folder), "")) {
      files.set(`/${file}`, await Deno.readFile(new URL(`${latest}/${file}`, folder)));
    }
    await this.#add({ name, version: latest, exports: JSON.parse(meta).exports, files });
  }

  async #add({ name, version, exports, files }: {
    name: string;
    version: string;
    exports: Readonly<Record<string, string>>;
    files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  }): Promise<void> {
    const manifest: Record<string, { size: number; checksum: string }> = {};
    for (const [path, content] of files) {
      this.#files.set(`${name}/${version}${path}`, content);
      manifest[path] = { size: content.length, checksum: await checksum(content) };
    }
    const [scope, short] = name.slice(1).split("/");
    const versions = { [version]: {} };
    this.#addJson(`${name}/meta.json`, { scope, name: short, latest: version, versions });
    this.#addJson(`${name}/${version}_meta.json`, { manifest, exports });
  }

  #addJson(path: string, value: unknown): void {
    this.#files.set(path, new TextEncoder().encode(JSON.stringify(value)));
  }

  async #answer(path: string): Promise<Response> {
    const content = this.#files.get(path);
    if (content !== undefined) {
      return new Response(content, { headers: { "content-type": contentType(path) } });
    }
    // The rest is there where the real registry is: else its packages would be among the files.
    if (!path.startsWith("@std/")) return new Response("Not found", { status: 404 });
    return await fetch(new URL(path, REAL_REGISTRY));
  }
}

/** The code with its imports spelled out, as `deno publish` does: packages have no import map. */
function resolveImports(
  content: Uint8Array,
  imports: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const code = new TextDecoder().decode(content).replace(
    /(\bfrom |\bimport |\bimport\()"([^".][^"]*)"/g,
    (whole, keyword: string, specifier: string) => {
      const name = Object.keys(imports).find((key) => `${specifier}/`.startsWith(`${key}/`));
      if (name === undefined) return whole;
      return `${keyword}"${imports[name]}${specifier.slice(name.length)}"`;
    },
  );
  return new TextEncoder().encode(code);
}

async function checksum(content: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", content);
  return `sha256-${new Uint8Array(digest).toHex()}`;
}

function contentType(path: string): string {
  if (path.endsWith(".json")) return "application/json";
  return path.endsWith(".ts") ? "text/typescript" : "text/plain";
}

async function foldersOf(scope: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(new URL(scope, FACADES))) {
      if (isDirectory) names.push(name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names;
}

/** The file at a URL, or the files in the folder there, by paths that begin with `path`. */
async function filesBelow(url: URL, path: string): Promise<string[]> {
  if (!url.pathname.endsWith("/")) return [path];
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(url)) {
    const below = isDirectory ? `${name}/` : name;
    files.push(...await filesBelow(new URL(below, url), path + below));
  }
  return files;
}
