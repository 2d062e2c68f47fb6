import { assertEquals } from "@std/assert";
import { upgradeClient } from "../../src/proxy/client_upgrade.ts";

Deno.test("upgradeClient() makes the platform notice within two minutes that a client is gone", () => {
  const original = Deno.upgradeWebSocket;
  let asked: Deno.UpgradeWebSocketOptions | undefined;
  const socket = { binaryType: "blob" } as WebSocket;
  try {
    Deno.upgradeWebSocket = (_, options) => {
      asked = options;
      return { socket, response: new Response() };
    };
    const { response } = upgradeClient(new Request("http://a/"), [["x-a", "b"]]);
    assertEquals([asked?.idleTimeout, socket.binaryType], [120, "arraybuffer"]);
    assertEquals(response.headers.get("x-a"), "b");
  } finally {
    Deno.upgradeWebSocket = original;
  }
});
