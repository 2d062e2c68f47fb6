import { assertEquals } from "@std/assert";
import { rowSays } from "../page_parts.ts";
import { Stage } from "../stage.ts";
import type { Cases } from "./cases.ts";

const MARKUP = `<img src=x onerror="document.title='owned'">`;
const TURNED = "safe\u202egnp\u200b.exe\u2028x";

/** Names that are not meant well. */
export const HOSTILE: Cases = {
  async "shows a hostile name as text everywhere"(tab) {
    await using stage = await Stage.start(tab, {
      names: ["one"],
      servers: [
        { url: "http://127.0.0.1:9/a", name: MARKUP, healthCheckPeriod: 0 },
        { url: "http://127.0.0.1:9/b", name: TURNED, healthCheckPeriod: 0 },
        { url: "http://127.0.0.1:9/c", name: "x".repeat(255), healthCheckPeriod: 0 },
      ],
    });
    const page = await stage.open();
    await rowSays(page, "127.0.0.1:9/a", MARKUP);
    await rowSays(page, "127.0.0.1:9/b", "safe[U+202E]gnp[U+200B].exe[U+2028]x");
    stage.balancer.update("http://127.0.0.1:9/a", { name: `${MARKUP}2` });
    await page.locator("#events li", { hasText: `name ${MARKUP} → ${MARKUP}2` }).waitFor();

    await page.getByRole("button", { name: `More for ${MARKUP}2` }).click();
    await page.getByRole("menuitem", { name: "Remove" }).click();
    const dialog = page.getByRole("dialog", { name: `Remove ${MARKUP}2?` });
    await dialog.locator("tr", { hasText: MARKUP }).waitFor();
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: `Edit ${MARKUP}2` }).click();
    await page.getByRole("dialog", { name: `Edit ${MARKUP}2` }).waitFor();
    assertEquals(await page.getByRole("textbox", { name: "Name" }).inputValue(), `${MARKUP}2`);
    await page.keyboard.press("Escape");

    // The page's own image is its mark; a name made none.
    assertEquals(await page.locator("img").count(), 1);
    assertEquals(await page.title(), "Ballast");
    // Long names do not make the page wider than the screen.
    const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
    assertEquals(await page.evaluate(overflow), 0);
    await page.setViewportSize({ width: 320, height: 700 });
    assertEquals(await page.evaluate(overflow), 0);
    assertEquals(stage.complaints, []);
  },
};
