import { assertEquals, assertStringIncludes } from "@std/assert";
import { oldDenoWarning, OLDEST_DENO } from "../../src/runtime/runtime_version.ts";
import { readProjectFile } from "../testing/markdown.ts";

Deno.test("oldDenoWarning() warns of what is older than the oldest that passes every test", () => {
  for (const old of ["2.9.5", "2.9.0-rc.1", "2.8.30", "1.46.3"]) {
    assertStringIncludes(oldDenoWarning(old)!, `Deno ${old} has bugs`);
  }
  for (const young of [OLDEST_DENO, "2.9.10", "2.10.0", "2.10.0-rc.1", "3.0.0", "2.9.6+abc123"]) {
    assertEquals(oldDenoWarning(young), undefined, young);
  }
});

Deno.test("README.md and the container name the oldest Deno that passes every test", async () => {
  assertStringIncludes(
    await readProjectFile("README.md"),
    `Deno](https://deno.com) ${OLDEST_DENO}`,
  );
  assertStringIncludes(await readProjectFile("Dockerfile"), `DENO_VERSION=${OLDEST_DENO}`);
});
