import { assert, assertEquals } from "@std/assert";
import { CONTENTS } from "./upstreams/contents.ts";
import { FRAMING } from "./upstreams/framing.ts";
import { HEADS } from "./upstreams/heads.ts";
import type { Script } from "./upstreams/script.ts";
import { SILENCES } from "./upstreams/silences.ts";
import { Stage } from "./upstreams/stage.ts";

const ACTS: Readonly<Record<string, readonly Script[]>> = {
  "heads that break HTTP": HEADS,
  "framing that can be read in two ways": FRAMING,
  "contents that break off or break HTTP": CONTENTS,
};

Deno.test("the hostile servers are many, and each is told by its name", () => {
  const names = Object.values(ACTS).flat().map(({ name }) => name);
  assert(names.length > 300, `${names.length}`);
  assertEquals(new Set(names).size, names.length);
});

for (const [act, scripts] of Object.entries(ACTS)) {
  Deno.test(`hostile servers: ${act}`, async () => {
    await using stage = await Stage.open();
    const failures: string[] = [];
    for (const script of scripts) {
      try {
        await stage.play(script);
      } catch (error) {
        failures.push((error as Error).message);
      }
    }
    // All of them at once: a defect shows in its pattern.
    assertEquals(failures, []);
  });
}

Deno.test("hostile servers: those that fall silent are given up", async () => {
  const failures = await Promise.all(SILENCES.map(async (script) => {
    // Each on a stage of its own, so that all of them wait at once.
    await using stage = await Stage.open({ timeouts: { response: 0.01, content: 0.01 } });
    return await stage.play(script).then(() => [], (error: Error) => [error.message]);
  }));
  assertEquals(failures.flat(), []);
});
