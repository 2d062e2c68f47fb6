import { ACCESS } from "./cases/access.ts";
import { ACCESSIBILITY } from "./cases/accessibility.ts";
import { HOSTILE } from "./cases/hostile.ts";
import { SHARING } from "./cases/sharing.ts";
import { STEERING } from "./cases/steering.ts";
import { WATCHING } from "./cases/watching.ts";
import { findChromium, startChromium } from "./chromium.ts";

const chromium = findChromium();
if (chromium === undefined) {
  // deno-lint-ignore no-console
  console.warn("The dashboard is not tested in a browser: install Chromium, or set CHROMIUM");
}

Deno.test({
  name: "the dashboard, in Chromium",
  ignore: chromium === undefined,
  async fn(t) {
    // One for all of them, as its start takes longer than most of them.
    const browser = await startChromium(chromium!);
    try {
      const cases = {
        ...WATCHING,
        ...STEERING,
        ...HOSTILE,
        ...SHARING,
        ...ACCESS,
        ...ACCESSIBILITY,
      };
      const tab = await (await browser.newContext()).newPage();
      for (const [name, run] of Object.entries(cases)) await t.step(name, () => run(tab));
    } finally {
      await browser.close();
    }
  },
});
