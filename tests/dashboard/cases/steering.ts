import { assert, assertEquals } from "@std/assert";
import { SampleServer } from "../../testing/sample_server.ts";
import { choose, eventSays, noticeSays, row, rowSays } from "../page_parts.ts";
import { Stage } from "../stage.ts";
import type { Cases } from "./cases.ts";

/** Cases of changes made from the page. */
export const STEERING: Cases = {
  async "adds, drains, enables and removes a server, and traffic follows"(tab) {
    await using four = new SampleServer("four");
    await using stage = await Stage.start(tab);
    const page = await stage.open();
    await rowSays(page, "one", "Up");

    await page.getByRole("button", { name: "Add server" }).click();
    await page.getByRole("textbox", { name: "URL" }).fill(four.url);
    await page.getByRole("textbox", { name: "Name" }).fill("four");
    await page.getByRole("textbox", { name: "Weight" }).fill("3");
    await page.locator("#server-dialog-submit").click();
    await noticeSays(page, "Added four");
    await rowSays(page, "four", "50%");
    assertEquals((await stage.send(24)).four, 12);

    await choose(page, "four", "Drain");
    await noticeSays(page, "Draining four");
    await rowSays(page, "four", "Draining");
    await rowSays(page, "four", "0%");
    await eventSays(page, "four", "draining no → yes");
    assertEquals((await stage.send(24)).four, undefined);

    await choose(page, "four", "Enable");
    await rowSays(page, "four", "Up");
    assert((await stage.send(24)).four! > 0);

    await choose(page, "four", "Check now");
    await noticeSays(page, "four passed its check");

    await choose(page, "four", "Remove");
    const dialog = page.getByRole("dialog", { name: "Remove four?" });
    // One, two and three have a sixth each; without four, a third.
    await dialog.locator("tr", { hasText: "four" }).filter({ hasText: /50%.*0%/ }).waitFor();
    await dialog.locator("tr", { hasText: "one" }).filter({ hasText: /17%.*33%/ }).waitFor();
    await dialog.getByRole("button", { name: "Remove" }).click();
    await row(page, "four").waitFor({ state: "detached" });
    assertEquals((await stage.send(24)).four, undefined);
    assertEquals(stage.complaints, []);
  },

  async "asks before the last available server is taken out, and only then"(tab) {
    await using stage = await Stage.start(tab, { names: ["one", "two"] });
    const page = await stage.open();
    await choose(page, "one", "Drain");
    await rowSays(page, "one", "Draining");

    await choose(page, "two", "Drain");
    const dialog = page.getByRole("dialog", { name: "Take two out?" });
    await dialog.getByText("No server would be left to take requests").waitFor();
    await dialog.locator("tr", { hasText: "two" }).filter({ hasText: /100%.*0%/ }).waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "hidden" });
    assertEquals(stage.balancer.servers().map(({ draining }) => draining), [true, false]);

    // Weight 0 comes to the same.
    await page.getByRole("button", { name: "Edit two" }).click();
    await page.getByRole("textbox", { name: "Weight" }).fill("0");
    await page.getByRole("button", { name: "Save" }).click();
    await dialog.getByRole("button", { name: "Save anyway" }).click();
    await rowSays(page, "two", "its weight is 0");
    assertEquals(stage.balancer.servers()[1]!.weight, 0);
    // To be enabled would not help it.
    await choose(page, "two", "Set a weight");
    await page.getByRole("dialog", { name: "Edit two" }).waitFor();
    assertEquals(stage.complaints, []);
  },

  async "shows what the API says beside each field"(tab) {
    await using stage = await Stage.start(tab);
    const page = await stage.open();
    await page.getByRole("button", { name: "Add server" }).click();
    const url = page.getByRole("textbox", { name: "URL" });
    await url.fill("ftp://x");
    await page.getByRole("textbox", { name: "Weight" }).fill("-1");
    await page.keyboard.press("Enter");
    await page.locator("#field-url-error", { hasText: "Does not begin with http://" }).waitFor();
    await page.locator("#field-weight-error", {
      hasText: "Must be a whole number from 0 to 4294967295",
    }).waitFor();
    assertEquals(await url.getAttribute("aria-invalid"), "true");
    // The field names its message to those who cannot see where it stands.
    const described = await url.getAttribute("aria-describedby");
    assert(described!.split(" ").includes("field-url-error"));
    await page.getByRole("textbox", { name: "Weight" }).fill("1");
    await url.fill(stage.samples[0]!.url);
    await page.keyboard.press("Enter");
    await page.locator("#field-url-error", { hasText: "already" }).waitFor();
    assertEquals(await page.locator("#field-weight-error").textContent(), "");
    assertEquals(stage.balancer.servers().length, 3);
  },

  async "says what another admin changed meanwhile, and goes on from there"(tab) {
    await using stage = await Stage.start(tab);
    const page = await stage.open();
    await page.getByRole("button", { name: "Edit one" }).click();
    await page.getByRole("textbox", { name: "Weight" }).fill("7");
    stage.balancer.update(stage.samples[0]!.url, { weight: 5, maxConnections: 10 });
    await page.getByRole("button", { name: "Save" }).click();
    const conflict = page.locator("#server-dialog-conflict");
    await conflict.filter({ hasText: "weight 1 → 5, connection limit 0 → 10" }).waitFor();
    assertEquals(stage.balancer.servers()[0]!.weight, 5);
    // Nothing is saved over it before it was looked at.
    await page.getByRole("button", { name: "Save" }).click();
    await conflict.waitFor();
    assertEquals(stage.balancer.servers()[0]!.weight, 5);
    await page.getByRole("button", { name: "Reload their values" }).click();
    assertEquals(await page.getByRole("textbox", { name: "Weight" }).inputValue(), "5");
    await page.getByRole("textbox", { name: "Weight" }).fill("7");
    await page.getByRole("button", { name: "Save" }).click();
    await noticeSays(page, "Changed one");
    const { weight, maxConnections } = stage.balancer.servers()[0]!;
    assertEquals([weight, maxConnections], [7, 10]);
  },

  async "tells of a server that somebody else has removed"(tab) {
    await using stage = await Stage.start(tab);
    const page = await stage.open();
    await page.getByRole("button", { name: "Edit one" }).click();
    await page.getByRole("textbox", { name: "Weight" }).fill("7");
    stage.balancer.remove(stage.samples[0]!.url);
    await page.getByRole("button", { name: "Save" }).click();
    await page.locator("#field-url-error:not(:empty)").waitFor();
    await row(page, "one").waitFor({ state: "detached" });
  },
};
