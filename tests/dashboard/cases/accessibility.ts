import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { SampleServer } from "../../testing/sample_server.ts";
import { findings } from "../axe_findings.ts";
import { choose, focused, rowSays } from "../page_parts.ts";
import { Stage } from "../stage.ts";
import type { Cases } from "./cases.ts";

/** Presses Tab until this has the focus. */
async function tabTo(page: Page, wanted: string): Promise<void> {
  const passed: string[] = [];
  for (let pressed = 0; pressed < 40; pressed++) {
    await page.keyboard.press("Tab");
    const now = await focused(page);
    if (now === wanted) return;
    passed.push(now);
  }
  assert(false, `Tab never comes to ${wanted}: ${passed.join(", ")}`);
}

/** The page for those who do not use a mouse, or do not see it. */
export const ACCESSIBILITY: Cases = {
  async "can be used with the keyboard alone"(tab) {
    await using four = new SampleServer("four");
    await using stage = await Stage.start(tab);
    const page = await stage.open();
    await rowSays(page, "three", "Up");
    await page.keyboard.press("Tab");
    assertEquals(await focused(page), "Skip to the servers");
    await page.keyboard.press("Enter");
    assertEquals(await focused(page), "servers-heading");

    await tabTo(page, "add");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Add a server" }).waitFor();
    assertEquals(await focused(page), "field-url");
    await page.keyboard.press("Escape");
    await page.locator("#server-dialog").waitFor({ state: "hidden" });
    assertEquals(await focused(page), "add");

    await page.keyboard.press("Enter");
    await page.keyboard.type(four.url);
    await page.keyboard.press("Tab");
    await page.keyboard.type("four");
    await page.keyboard.press("Enter");
    await rowSays(page, "four", "Up");
    assertEquals(await focused(page), "add");

    await tabTo(page, "More for four");
    await page.keyboard.press("Enter");
    assertEquals(await focused(page), "Drain");
    await page.keyboard.press("Escape");
    assertEquals(await focused(page), "More for four");
    await page.keyboard.press("Enter");
    await page.keyboard.press("ArrowUp");
    assertEquals(await focused(page), "Remove…");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Remove four?" }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator("#impact-dialog").waitFor({ state: "hidden" });
    assertEquals(await focused(page), "More for four");
    assertEquals(stage.balancer.servers().length, 4);
    assertEquals(stage.complaints, []);
  },

  async "has no serious finding of axe, light or dark, wide or narrow"(tab) {
    await using stage = await Stage.start(tab, {
      names: ["one", "two"],
      servers: [{ url: "http://127.0.0.1:9", name: "three", draining: true, healthCheckPeriod: 0 }],
    });
    await stage.samples[1]!.kill();
    for (const colorScheme of ["light", "dark"] as const) {
      // Only the colours depend on it.
      const rules = colorScheme === "light" ? undefined : ["color-contrast"];
      // Dialogs fade in for nobody here, so that no colour is half way when it is measured.
      const page = await stage.open({ colorScheme, reducedMotion: "reduce" });
      await rowSays(page, "two", "Unhealthy");
      assertEquals(await findings(page, rules), [], colorScheme);
      await page.getByRole("button", { name: "Add server" }).click();
      await page.keyboard.press("Enter");
      await page.locator("#field-url-error:not(:empty)").waitFor();
      assertEquals(await findings(page, rules), [], `${colorScheme}, dialog`);
      await page.keyboard.press("Escape");
      await choose(page, "one", "Remove");
      await page.getByRole("dialog", { name: "Remove one?" }).waitFor();
      assertEquals(await findings(page, rules), [], `${colorScheme}, question`);
      await page.keyboard.press("Escape");
      await page.setViewportSize({ width: 390, height: 844 });
      assertEquals(await findings(page, rules), [], `${colorScheme}, narrow`);
    }
  },
};
