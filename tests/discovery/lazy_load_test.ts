import { assert, assertEquals } from "@std/assert";
import { ROOT } from "../testing/program.ts";

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

/** What an import of this module loads at once. */
async function loadedBy(entry: string): Promise<Set<string>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: ROOT,
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as { modules: Module[] };
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const loaded = new Set<string>();
  function load(specifier: string): void {
    if (loaded.has(specifier)) return;
    loaded.add(specifier);
    for (const { code, isDynamic } of bySpecifier.get(specifier)?.dependencies ?? []) {
      if (code?.specifier !== undefined && !isDynamic) load(code.specifier);
    }
  }
  load(new URL(entry, ROOT).href);
  return loaded;
}

Deno.test("nothing that asks DNS is loaded before a name is looked up", async () => {
  const asking = /dns-packet|node:|dns_(client|message|tcp|udp)\.ts|system_resolver\.ts/;
  const library = [...await loadedBy("mod.ts")];
  assert(library.some((specifier) => specifier.endsWith("/dns_discovery.ts")));
  assertEquals(library.filter((specifier) => asking.test(specifier)), []);
  const client = [...await loadedBy("src/discovery/make_dns_client.ts")];
  assert(client.some((specifier) => specifier.startsWith("npm:") && asking.test(specifier)));
});
