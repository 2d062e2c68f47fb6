const encoder = new TextEncoder();

/**
 * A response of the balancer's own, with a text for people. It says its length, which is logged.
 *
 * @param status The status.
 * @param message The text; a line feed is put behind it.
 * @param headers Further fields.
 */
export function localReply(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>>,
): Response {
  const content = encoder.encode(`${message}\n`);
  return new Response(content, {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "content-length": String(content.length),
      ...headers,
    },
  });
}
