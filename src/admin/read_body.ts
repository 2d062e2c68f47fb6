import { findDuplicateKey } from "./duplicate_keys.ts";
import { Problem } from "./problem.ts";

/** The largest request body, in bytes. A server with every field at its longest takes 3 KiB. */
export const BODY_MAX_BYTES = 65_536;

/** What a body may be that is JSON. */
export const JSON_TYPES: readonly string[] = ["application/json"];

/**
 * Reads a request's body as JSON, or as plain text where that is allowed.
 *
 * @param request The request.
 * @param plainText Whether the body may be plain text instead. It is when the request says so, or
 * does not say what it is.
 * @returns What the JSON says, or the text.
 * @throws {Problem} 400, 413 or 415.
 */
export async function readBody(request: Request, plainText: boolean): Promise<unknown> {
  // Without a type it is what the seed's callers send.
  if (plainText && !request.headers.has("content-type")) return await readText(request);
  const type = checkMediaType(request, plainText ? [...JSON_TYPES, "text/plain"] : JSON_TYPES);
  return type === "text/plain" ? await readText(request) : await readJson(request);
}

/**
 * Reads a request's body as JSON, whatever it says that it is.
 *
 * @throws {Problem} 400 or 413.
 */
export async function readJson(request: Request): Promise<unknown> {
  return parseJson(decode(await readBytes(request)));
}

async function readText(request: Request): Promise<string> {
  return decode(await readBytes(request)).trim();
}

/**
 * Checks of which type a request's body is.
 *
 * @param request The request.
 * @param allowed The types that it may have, in UTF-8.
 * @returns The type that it has.
 * @throws {Problem} 415, with the types that are allowed.
 */
export function checkMediaType(request: Request, allowed: readonly string[]): string {
  const field = request.headers.get("content-type");
  const [type = "", ...parameters] = (field ?? "").toLowerCase().split(";").map((s) => s.trim());
  const utf8 = parameters.every((parameter) => /^charset="?utf-8"?$/.test(parameter));
  if (allowed.includes(type) && utf8) return type;
  const found = field === null ? "there is none" : `not ${field.slice(0, 100)}`;
  const detail = `must be ${allowed.join(" or ")} in UTF-8; ${found}`;
  throw new Problem(415, `The content type ${detail}`, {
    faults: [{ field: "content-type", detail }],
    // RFC 9110 §15.5.16, and RFC 5789 §2.2 for PATCH.
    headers: { [request.method === "PATCH" ? "accept-patch" : "accept"]: allowed.join(", ") },
  });
}

async function readBytes(request: Request): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.length;
      if (size > BODY_MAX_BYTES) {
        const detail = `must not be larger than ${BODY_MAX_BYTES} bytes`;
        throw new Problem(413, `The body ${detail}`, { faults: [{ field: "body", detail }] });
      }
      chunks.push(chunk);
    }
  } catch (error) {
    // Anything else is the client's connection, and no defect of ours.
    throw error instanceof Problem ? error : badBody("broke off before its end");
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw badBody("is not valid UTF-8");
  }
}

function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badBody(`is not valid JSON: ${(error as Error).message.slice(0, 200)}`);
  }
  const key = findDuplicateKey(text);
  if (key === undefined) return value;
  throw new Problem(400, `The body has the key ${JSON.stringify(key)} twice; keep one`, {
    faults: [{ field: key === "" ? '""' : key, detail: "must not be given twice" }],
  });
}

function badBody(detail: string): Problem {
  return new Problem(400, `The body ${detail}`, { faults: [{ field: "body", detail }] });
}
