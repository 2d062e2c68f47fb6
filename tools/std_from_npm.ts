/**
 * Lets the project run where the npm registry can be reached and JSR cannot.
 *
 * `deno.json` maps `@std/*` to JSR, which is what users get. Where JSR does not answer, this
 * script fills `vendor/`, where Deno looks first, with thin facade packages over `npm:deno-std`,
 * the same `@std` code published to npm. Where JSR does answer, it removes a facade that it wrote
 * earlier. It has no dependencies of its own, as it has to run before any can be resolved.
 *
 * Types: `deno-std` ships plain JavaScript, so each facade declares the signatures that this
 * project uses, at least as strict as the documented ones: code that checks here checks against JSR
 * too. Those of `parseArgs` are stricter: the names of all flags have to be known to the compiler.
 */

const JSR_URL = "https://jsr.io/";
const PROBE_TIMEOUT_MS = 3000;
const NPM_STD = "npm:deno-std@1.4.0";
/** The version that the facades claim: any in `^1`. */
const FACADE_VERSION = "1.0.0";

const root = new URL("../", import.meta.url);
const scope = new URL("vendor/jsr.io/@std/", root);
/** Marks a facade, so that packages vendored from the real JSR are never removed. */
const marker = new URL(".facade", scope);

/** The exports of each facade: the npm module and its declarations. */
const facades: Record<string, Record<string, { module: string; declarations: string }>> = {
  yaml: {
    ".": {
      module: "yaml/mod.js",
      declarations: `
export interface ParseOptions {
  allowDuplicateKeys?: boolean;
  schema?: "failsafe" | "json" | "core" | "default" | "extended";
  onWarning?(error: Error): void;
}
export interface StringifyOptions {
  indent?: number;
  arrayIndent?: boolean;
  skipInvalid?: boolean;
  flowLevel?: number;
  sortKeys?: boolean | ((a: string, b: string) => number);
  lineWidth?: number;
  useAnchors?: boolean;
  compatMode?: boolean;
  condenseFlow?: boolean;
}
export declare function parse(content: string, options?: ParseOptions): unknown;
export declare function stringify(data: unknown, options?: StringifyOptions): string;
`,
    },
  },
  cli: {
    "./parse-args": {
      module: "cli/parse_args.js",
      declarations: `
/** Names that are known when the code is checked: a list of any strings is refused. */
type Names<Name extends string> = readonly Name[] & (string extends Name ? never : unknown);
export interface ParseOptions<
  Strings extends string,
  Booleans extends string,
  Collected extends string,
  Defaults extends Readonly<Record<string, unknown>>,
> {
  string?: Names<Strings>;
  boolean?: Names<Booleans>;
  collect?: Names<Collected>;
  default?: Defaults;
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}
type Value<Name, Type, Missing, Collected, Defaults> = Name extends Collected ? Type[]
  : Name extends keyof Defaults ? Type | Defaults[Name]
  : Type | Missing;
export type Args<
  Strings extends string,
  Booleans extends string,
  Collected extends string,
  Defaults,
> =
  & { [key: string]: unknown; _: unknown }
  & {
    [Name in Exclude<Strings, "_">]: Value<Name, string, undefined, Collected, Defaults>;
  }
  & { [Name in Booleans]: Value<Name, boolean, never, Collected, Defaults> };
export declare function parseArgs<
  Strings extends string = never,
  Booleans extends string = never,
  Collected extends string = never,
  Defaults extends Readonly<Record<string, unknown>> = Record<never, never>,
>(
  args: string[],
  options?: ParseOptions<Strings, Booleans, Collected, Defaults>,
): Args<Strings, Booleans, Collected, Defaults>;
`,
    },
  },
  http: {
    "./status": {
      module: "http/status.js",
      declarations: `
export type StatusCode =
  | 100 | 101 | 102 | 103 | 200 | 201 | 202 | 203 | 204 | 205 | 206 | 207 | 208 | 226 | 300 | 301
  | 302 | 303 | 304 | 305 | 307 | 308 | 400 | 401 | 402 | 403 | 404 | 405 | 406 | 407 | 408 | 409
  | 410 | 411 | 412 | 413 | 414 | 415 | 416 | 417 | 418 | 421 | 422 | 423 | 424 | 425 | 426 | 428
  | 429 | 431 | 451 | 500 | 501 | 502 | 503 | 504 | 505 | 506 | 507 | 508 | 510 | 511;
export declare const STATUS_TEXT: { readonly [Code in StatusCode]: string };
`,
    },
  },
  assert: {
    ".": {
      module: "assert/mod.js",
      declarations: `
// deno-lint-ignore-file no-explicit-any
export declare class AssertionError extends Error {
  constructor(message: string, options?: ErrorOptions);
}
export declare function assert(expr: unknown, msg?: string): asserts expr;
export declare function assertEquals<T>(actual: T, expected: T, msg?: string): void;
export declare function assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
export declare function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T;
export declare function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void;
export declare function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T>;
export declare function assertFalse(expr: unknown, msg?: string): asserts expr is false;
export declare function assertGreater<T>(actual: T, expected: T, msg?: string): void;
export declare function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void;
export declare function assertLess<T>(actual: T, expected: T, msg?: string): void;
export declare function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void;
export declare function assertInstanceOf<T extends abstract new (...args: any[]) => any>(actual: unknown, expectedType: T, msg?: string): asserts actual is InstanceType<T>;
export declare function assertMatch(actual: string, expected: RegExp, msg?: string): void;
export declare function assertNotMatch(actual: string, expected: RegExp, msg?: string): void;
export declare function assertObjectMatch(actual: Record<PropertyKey, any>, expected: Record<PropertyKey, unknown>, msg?: string): void;
export declare function assertStringIncludes(actual: string, expected: string, msg?: string): void;
export declare function assertThrows(fn: () => unknown, msg?: string): unknown;
export declare function assertThrows<E extends Error = Error>(fn: () => unknown, ErrorClass: abstract new (...args: any[]) => E, msgIncludes?: string, msg?: string): E;
export declare function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
export declare function assertRejects<E extends Error = Error>(fn: () => PromiseLike<unknown>, ErrorClass: abstract new (...args: any[]) => E, msgIncludes?: string, msg?: string): Promise<E>;
export declare function fail(msg?: string): never;
`,
    },
  },
};

if (await jsrAnswers()) {
  if (await exists(marker)) {
    await Deno.remove(scope, { recursive: true });
    // deno-lint-ignore no-console
    console.log("JSR answers: removed the npm stand-ins for @std.");
  }
} else {
  await writeFacades();
  // deno-lint-ignore no-console
  console.log(`JSR does not answer: @std comes from ${NPM_STD} (vendor/).`);
}

async function jsrAnswers(): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    const response = await fetch(new URL("@std/yaml/meta.json", JSR_URL), { signal });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

async function writeFacades(): Promise<void> {
  for (const [name, modules] of Object.entries(facades)) {
    const exports: Record<string, string> = {};
    for (const [path, { module, declarations }] of Object.entries(modules)) {
      const file = path === "." ? "mod" : path.slice(2).replaceAll("-", "_");
      exports[path] = `./${file}.ts`;
      const folder = `${name}/${FACADE_VERSION}/`;
      await write(`${folder}${file}.d.ts`, declarations.trimStart());
      await write(
        `${folder}${file}.ts`,
        `// @ts-types="./${file}.d.ts"\nexport * from "${NPM_STD}/${module}";\n`,
      );
    }
    const versions = { [FACADE_VERSION]: {} };
    await write(
      `${name}/meta.json`,
      JSON.stringify({ scope: "std", name, latest: FACADE_VERSION, versions }),
    );
    await write(`${name}/${FACADE_VERSION}_meta.json`, JSON.stringify({ manifest: {}, exports }));
  }
  await Deno.writeTextFile(marker, "Written by tools/std_from_npm.ts\n");
}

async function write(path: string, text: string): Promise<void> {
  const url = new URL(path, scope);
  await Deno.mkdir(new URL("./", url), { recursive: true });
  await Deno.writeTextFile(url, text);
}

async function exists(url: URL): Promise<boolean> {
  try {
    await Deno.stat(url);
    return true;
  } catch {
    return false;
  }
}
