import { assert } from "@std/assert";
import * as fc from "fast-check";
import { CONFIG_TEXTS } from "./fuzz/config_texts.ts";
import { readConfigText } from "./fuzz/read_config_text.ts";
import { claimNetPermission } from "../testing/claimed_permission.ts";

const RUNS = 5000;

Deno.test({
  name: "parseConfig() refuses with faults or says what a balancer takes, whatever the text is",
  // The health checks of the servers go nowhere.
  permissions: { net: false },
  async fn() {
    using _ = claimNetPermission();
    let accepted = 0;
    const property = fc.asyncProperty(CONFIG_TEXTS, async (text) => {
      if (await readConfigText(text)) accepted++;
    });
    await fc.assert(property, { numRuns: RUNS });
    // Both sides are tried.
    assert(accepted > RUNS / 20 && accepted < RUNS / 2, `${accepted} accepted`);
  },
});
