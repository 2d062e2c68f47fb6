import { type Browser, chromium } from "playwright-core";

/** Where Chromium may be; the variable wins, for a browser that is elsewhere. */
const PLACES = [
  Deno.env.get("CHROMIUM"),
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** Where Chromium is on this machine; undefined where there is none. */
export function findChromium(): string | undefined {
  return PLACES.find((place) => {
    try {
      return place !== undefined && Deno.statSync(place).isFile;
    } catch {
      return false;
    }
  });
}

/** Starts a Chromium without a window. */
export function startChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    // Its sandbox needs rights that containers and their users do not have.
    args: ["--no-sandbox"],
  });
}
