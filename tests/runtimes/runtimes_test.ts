import { assertEquals } from "@std/assert";
import { CONTENT_CHECKS } from "./checks/content_checks.ts";
import { CONTROL_CHECKS } from "./checks/control_checks.ts";
import { ENDING_CHECKS } from "./checks/ending_checks.ts";
import { HEADER_CHECKS } from "./checks/header_checks.ts";
import { LOAD_CHECKS } from "./checks/load_checks.ts";
import { SHARING_CHECKS } from "./checks/sharing_checks.ts";
import { EXAMPLES, runExample } from "./examples.ts";
import { Installation } from "./installation.ts";
import { balanceInFiveLines, checkTypes, refuseOldNode } from "./projects.ts";

const CHECKS = [
  LOAD_CHECKS,
  CONTENT_CHECKS,
  HEADER_CHECKS,
  CONTROL_CHECKS,
  SHARING_CHECKS,
  ENDING_CHECKS,
].flat();

// One test with many steps, as the package is made and installed once for all of them.
Deno.test("the library on every runtime", async (t) => {
  await using installation = await Installation.make();
  const { missing } = installation;
  if (missing !== undefined) {
    await t.step({ name: `Node and Bun cannot be had here: ${missing}`, ignore: true, fn() {} });
  } else {
    await installation.copy("tests/runtimes/programs/balance.mjs");
    await installation.copy("tests/runtimes/programs/once.mjs");
    assertEquals(installation.runtimes().map(({ name }) => name), ["Deno", "Node", "Bun"]);
    await t.step(
      "the package has types that a project compiles with",
      () => checkTypes(installation),
    );
  }
  for (const runtime of installation.runtimes()) {
    for (const { name, ignore = false, run } of CHECKS) {
      await t.step({ name: `${runtime.name}: ${name}`, ignore, fn: () => run(runtime) });
    }
    if (runtime.name === "Node") {
      await t.step("the package says which Node it needs", () => refuseOldNode(runtime));
    }
    if (runtime.name !== "Deno") {
      await t.step(
        `${runtime.name}: a project of five lines balances over three servers`,
        () => balanceInFiveLines(runtime),
      );
    }
  }
  for (const example of EXAMPLES) {
    const runtime = installation.runtimes().find(({ name }) => name === example.runtime);
    await t.step({
      name: `examples/${example.file} does what it says`,
      ignore: runtime === undefined,
      fn: () => runExample(example, runtime!, installation),
    });
  }
});
