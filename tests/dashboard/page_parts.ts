import type { Locator, Page } from "playwright-core";

/** The row of a server, by a text in it. */
export function row(page: Page, text: string): Locator {
  return page.locator("#servers-body tr", { hasText: text });
}

/** Waits until a row says something. */
export async function rowSays(page: Page, name: string, text: string): Promise<void> {
  await row(page, name).filter({ hasText: text }).waitFor();
}

/** Waits until the events have a line with these texts. */
export async function eventSays(page: Page, ...texts: string[]): Promise<void> {
  let line = page.locator("#events li");
  for (const text of texts) line = line.filter({ hasText: text });
  await line.first().waitFor();
}

/** Chooses an entry of a row's menu. */
export async function choose(page: Page, name: string, entry: string): Promise<void> {
  await page.getByRole("button", { name: `More for ${name}` }).click();
  await page.getByRole("menuitem", { name: entry }).click();
}

/** Waits until the notice at the bottom says something. */
export async function noticeSays(page: Page, text: string): Promise<void> {
  await page.locator("#notice", { hasText: text }).waitFor();
}

/** The focused element: its id, else its label or text. */
export async function focused(page: Page): Promise<string> {
  return await page.evaluate(
    "(({ id, ariaLabel, textContent }) => id || ariaLabel || textContent)(document.activeElement)",
  );
}
