import { assertEquals, assertStringIncludes } from "@std/assert";
import { runtimeFault } from "../../src/runtime/runtime_version.ts";
import { ROOT } from "../testing/program.ts";
import { runSource } from "../testing/run_source.ts";

Deno.test("runtimeFault() names the version that is needed, and the one that there is", () => {
  assertEquals(
    runtimeFault({ node: "20.20.2", v8: "11" }),
    "Cannot load Ballast: it needs Node 22.3 or newer, and this is Node 20.20.2. Install a newer Node.",
  );
  assertStringIncludes(runtimeFault({ node: "22.2.0" })!, "Node 22.3 or newer");
  // Bun and Deno say which Node they are like as well.
  assertStringIncludes(runtimeFault({ node: "24.0.0", bun: "1.1.45" })!, "Bun 1.2 or newer");
  assertStringIncludes(runtimeFault({ node: "24.0.0", deno: "1.46.3" })!, "Deno 2.0 or newer");
});

Deno.test("runtimeFault() has nothing to say of newer versions, and of runtimes unknown to it", () => {
  const fine = [
    ...[{ node: "22.3.0" }, { node: "22.21.1" }, { node: "23.0.0-nightly" }, { node: "100.0.0" }],
    ...[{ node: "18.0.0", bun: "1.2.0" }, { node: "18.0.0", deno: "2.9.6" }, {}, undefined],
  ];
  assertEquals(fine.map(runtimeFault), fine.map(() => undefined));
});

for (const module of ["mod.ts", "src/cluster/mod.ts", "src/dashboard/mod.ts"]) {
  Deno.test(`${module} says so before anything else that an old Node lacks can fail`, async () => {
    const program = `
delete Set.prototype.union;
Object.defineProperty(globalThis, "process", { value: { versions: { node: "20.20.2" } } });
await import(${
      JSON.stringify(new URL(module, ROOT).href)
    }).catch(({ message }) => console.log(message));
`;
    const { stdout, stderr } = await runSource(program, "--allow-read", "--allow-import");
    assertStringIncludes(stdout + stderr, "it needs Node 22.3 or newer, and this is Node 20.20.2");
  });
}
