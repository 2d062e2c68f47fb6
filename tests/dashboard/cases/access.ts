import { assertEquals } from "@std/assert";
import { noticeSays, rowSays } from "../page_parts.ts";
import { Stage } from "../stage.ts";
import type { Cases } from "./cases.ts";

const TOKEN = "correct-horse-battery";

/** The token. */
export const ACCESS: Cases = {
  async "asks for the token once, and keeps it for this tab only"(tab) {
    await using stage = await Stage.start(tab, { token: TOKEN });
    const page = await stage.open();
    const dialog = page.getByRole("dialog", { name: "This balancer requires a token" });
    const token = dialog.getByLabel("API token");
    await token.fill("has a space");
    await page.keyboard.press("Enter");
    await dialog.getByText("visible ASCII characters without spaces").waitFor();
    await token.fill("this-is-not-the-token");
    await page.keyboard.press("Enter");
    await dialog.getByText("rejected this token").waitFor();
    await token.fill(TOKEN);
    await page.keyboard.press("Enter");
    await rowSays(page, "one", "Up");
    // The events come by the same token.
    await page.locator("#connection", { hasText: "Live" }).waitFor();
    assertEquals(await page.evaluate("JSON.stringify(Object.values(localStorage))"), "[]");
    assertEquals(await page.evaluate("document.cookie"), "");

    await page.reload();
    await rowSays(page, "one", "Up");
    assertEquals(await dialog.isVisible(), false);

    // A tab that another one did not open has a session of its own.
    const other = await page.context().newPage();
    try {
      await other.goto(stage.origin);
      await other.getByRole("dialog", { name: "requires a token" }).waitFor();
    } finally {
      await other.close();
    }
  },

  async "can be told the token later"(tab) {
    await using stage = await Stage.start(tab, { token: TOKEN });
    const page = await stage.open();
    const dialog = page.getByRole("dialog", { name: "This balancer requires a token" });
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "hidden" });
    assertEquals(await page.locator("#servers-body tr").count(), 0);
    await page.getByRole("button", { name: "Enter the token" }).click();
    await dialog.getByLabel("API token").fill(TOKEN);
    await page.keyboard.press("Enter");
    await rowSays(page, "one", "Up");
    await page.locator("#banner").waitFor({ state: "hidden" });
    await page.locator("#connection", { hasText: "Live" }).waitFor();
    await page.getByRole("button", { name: "More for one" }).click();
    await page.getByRole("menuitem", { name: "Check now" }).click();
    await noticeSays(page, "one passed its check");
  },
};
