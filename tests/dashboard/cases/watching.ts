import { assertEquals } from "@std/assert";
import { DnsServer } from "../../testing/dns_server.ts";
import { eventSays, row, rowSays } from "../page_parts.ts";
import type { Cases } from "./cases.ts";
import { Stage } from "../stage.ts";

/** Cases of data shown by the page. */
export const WATCHING: Cases = {
  async "shows the servers and their traffic, and complains of nothing"(tab) {
    await using stage = await Stage.start(tab);
    const page = await stage.open();
    for (const { name, url } of stage.samples) {
      await rowSays(page, name, "Up");
      await rowSays(page, name, url);
      await rowSays(page, name, "33%");
    }
    await page.locator("#connection", { hasText: "Live" }).waitFor();
    await stage.send(60);
    // The rate is over some seconds, so any number above 0 will do.
    await page.locator("#totals .total", { hasText: /^Requests\/s(?!0$)/ }).waitFor();
    await page.locator("#totals .total", { hasText: /^Requests60$/ }).waitFor();
    await page.locator("#chart-requests canvas").waitFor();
    await page.getByRole("img", { name: /^Requests per second over/ }).waitFor();
    assertEquals(stage.complaints, []);
  },

  async "shows by which entry a server was discovered, and offers only what can be done to it"(
    tab,
  ) {
    await using dns = await DnsServer.start();
    dns.setAddresses("api.test", 1, ["127.0.0.1"]);
    const url = "http://api.test:3001";
    const servers = [{ url, name: "api", discover: "dns", healthCheckPeriod: 0 }] as const;
    const options = { servers, dns: { server: dns.address } };
    await using stage = await Stage.start(tab, options);
    const page = await stage.open();
    await rowSays(page, "api 127.0.0.1:3001", `discovered by ${url}`);
    assertEquals(await row(page, "api").getByRole("button", { name: /^Edit/ }).count(), 0);
    assertEquals(await row(page, "one").getByRole("button", { name: /^Edit/ }).count(), 1);
    await page.getByRole("button", { name: "More for api" }).click();
    assertEquals(await page.getByRole("menuitem").allTextContents(), ["Check now"]);
    await page.keyboard.press("Escape");
    dns.setAddresses("api.test", 1, ["127.0.0.2"]);
    await rowSays(page, "api 127.0.0.2:3001", `discovered by ${url}`);
    await row(page, "api 127.0.0.1:3001").waitFor({ state: "detached" });
    assertEquals(stage.complaints, []);
  },

  async "shows within its check period that a server was killed, and that it is back"(tab) {
    await using stage = await Stage.start(tab);
    const page = await stage.open();
    await rowSays(page, "two", "Up");
    await stage.samples[1]!.kill();
    await rowSays(page, "two", "Unhealthy");
    await rowSays(page, "one", "50%");
    await eventSays(page, "two", "unhealthy");
    await page.locator("#announcer", { hasText: "two unhealthy" }).waitFor({ state: "attached" });
    stage.samples[1]!.start();
    await rowSays(page, "two", "Up");
    await eventSays(page, "two", "healthy");
    assertEquals(stage.complaints, []);
  },

  async "says that the balancer is away, and is in step again when it is back"(tab) {
    await using stage = await Stage.start(tab);
    const page = await stage.open();
    await rowSays(page, "three", "Up");
    await page.locator("#connection", { hasText: "Live" }).waitFor();
    stage.balancer.update(stage.samples[0]!.url, { weight: 2 });
    await eventSays(page, "one", "weight 1 → 2");
    await stage.stopAdmin();
    await page.getByRole("alert").filter({ hasText: "cannot be reached" }).waitFor();
    await page.locator("#connection", { hasText: "Offline" }).waitFor();
    stage.balancer.update(stage.samples[0]!.url, { weight: 4 });
    stage.balancer.remove(stage.samples[2]!.url);
    stage.startAdmin();
    await page.locator("#banner").waitFor({ state: "hidden" });
    await page.locator("#connection", { hasText: "Live" }).waitFor();
    await rowSays(page, "one", "80%");
    await row(page, "three").waitFor({ state: "detached" });
    // Missed events are caught up on, each once.
    await eventSays(page, "one", "weight 2 → 4");
    await eventSays(page, "three", "removed");
    assertEquals(await page.locator("#events li").count(), 3);
  },

  async "filters and sorts many servers"(tab) {
    const servers = Array.from({ length: 30 }, (_, i) => ({
      url: `http://127.0.0.1:9/${i}`,
      name: `web-${i}`,
      weight: i + 1,
      healthCheckPeriod: 0,
    }));
    await using stage = await Stage.start(tab, { names: [], servers });
    const page = await stage.open();
    await page.getByText("30 servers, 30 up").waitFor();
    const names = page.locator("#servers-body .name");
    assertEquals((await names.allTextContents()).slice(0, 2), ["web-0", "web-1"]);
    const weight = page.getByRole("columnheader", { name: "Weight" });
    await weight.getByRole("button").click();
    assertEquals(await weight.getAttribute("aria-sort"), "descending");
    assertEquals((await names.allTextContents()).slice(0, 2), ["web-29", "web-28"]);
    await weight.getByRole("button").click();
    assertEquals(await weight.getAttribute("aria-sort"), "ascending");
    assertEquals((await names.allTextContents()).slice(0, 2), ["web-0", "web-1"]);
    await page.getByLabel("Filter servers").fill("EB-2");
    await page.getByText("11 of 30 servers").waitFor();
    await page.getByLabel("Filter servers").fill("nothing");
    await page.getByText("No server matches the filter").waitFor();
    await page.getByRole("button", { name: "Clear the filter" }).click();
    await page.getByText("30 servers, 30 up").waitFor();
    assertEquals(await names.count(), 30);
  },

  async "keeps the theme that was chosen"(tab) {
    await using stage = await Stage.start(tab, { names: [] });
    const page = await stage.open({ colorScheme: "light" });
    await page.getByText("There are no servers yet").waitFor();
    await page.getByLabel("Theme").selectOption("dark");
    await page.reload();
    await page.locator("html[data-theme=dark]").waitFor();
    assertEquals(await page.getByLabel("Theme").inputValue(), "dark");
    await page.getByLabel("Theme").selectOption("system");
    await page.reload();
    await page.getByText("There are no servers yet").waitFor();
    assertEquals(await page.locator("html[data-theme]").count(), 0);
    assertEquals(stage.complaints, []);
  },
};
