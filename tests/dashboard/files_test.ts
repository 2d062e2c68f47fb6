import { assert, assertEquals } from "@std/assert";
import { createDashboard } from "../../src/dashboard/mod.ts";

/** The files of src/dashboard/ that are served as they are. */
async function filesOnDisk(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(new URL("../../src/dashboard/", import.meta.url))) {
    if (!name.endsWith(".ts")) names.push(name);
  }
  return names;
}

Deno.test("createDashboard() has every file of its folder, and uPlot", async () => {
  const expected = [...await filesOnDisk(), "uplot.js", "uplot.css"].sort();
  assertEquals(Object.keys(createDashboard()).sort(), expected);
});

Deno.test("createDashboard() has every file that the page and its scripts ask for", () => {
  const files = createDashboard();
  const page = files["index.html"]!.text;
  const asked = [...page.matchAll(/(?:src|href)="dashboard\/([^"]+)"/g)].map(([, name]) => name!);
  assert(asked.includes("main.js"));
  for (const [name, { text }] of Object.entries(files)) {
    if (!name.endsWith(".js")) continue;
    asked.push(...[...text.matchAll(/from "\.\/([^"]+)"/g)].map(([, other]) => other!));
  }
  assertEquals(asked.filter((name) => !Object.hasOwn(files, name)), []);
});

Deno.test("the page has no inline script or style, and names no other origin", () => {
  const { "index.html": page, ...others } = createDashboard();
  const { text } = page!;
  assertEquals(text.match(/<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:/i), null);
  const { "icon.svg": _, ...code } = others;
  for (const [name, { text }] of Object.entries(code)) {
    // Examples of server URLs are no addresses that anything is fetched from.
    const urls = (text.match(/https?:\/\/[^\s"'`]+/g) ?? [])
      .filter((url) => !/^https?:\/\/(127\.0\.0\.1|github\.com\/leeoniya)/.test(url));
    assertEquals(urls, [], name);
  }
});

Deno.test("no script of the dashboard makes markup of text", () => {
  const sinks =
    /\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval|Function)\b/;
  for (const [name, { text }] of Object.entries(createDashboard())) {
    if (name === "uplot.js" || !name.endsWith(".js")) continue;
    assertEquals(text.match(sinks), null, name);
  }
});
