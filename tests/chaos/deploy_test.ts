import { assert, assertEquals } from "@std/assert";
import { runDeploy } from "./deploy.ts";

for (const workers of [1, 2]) {
  Deno.test({
    name: `no request fails while every server is replaced, with --workers ${workers}`,
    ignore: Deno.build.os === "windows",
    async fn() {
      const { counts, violations } = await runDeploy({ seed: 1, seconds: 6, workers, clients: 16 });
      assertEquals(violations, []);
      assert(
        counts["replaced"]! >= 4 && counts["reloads"]! >= 20 && counts["other requests"]! > 100,
      );
    },
  });
}
