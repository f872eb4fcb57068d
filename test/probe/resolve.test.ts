import { describe, expect, test } from "vitest";
import { createResolve } from "../../src/probe/resolve.ts";

const resolve = createResolve({ timeoutMs: 5000 });
const saying = (...addresses: string[]) => createResolve({ timeoutMs: 5000, lookup: async () => addresses });

describe("the addresses of a member", () => {
  test.each([
    ["127.0.0.1:80", "127.0.0.1:80"],
    ["[::1]:8080", "[::1]:8080"],
    ["[0:0:0:0:0:0:0:1]:8080", "[::1]:8080"],
    ["[2001:DB8::00A]:1", "[2001:db8::a]:1"],
  ])("are the literal itself: %s", async (member, endpoint) => {
    expect(await resolve(member)).toEqual([endpoint]);
  });

  test("come from the system's resolver, so that /etc/hosts counts", async () => {
    expect(await resolve("localhost:8001")).toContain("127.0.0.1:8001");
  });

  test("are all of the name's, sorted, each once", async () => {
    expect(await saying("10.0.0.2", "10.0.0.1", "10.0.0.2", "2001:DB8::1", "fe80::1%eth0")("app:80")).toEqual([
      "10.0.0.1:80",
      "10.0.0.2:80",
      "[2001:db8::1]:80",
    ]);
  });

  test.each([
    "127.1:80",
    "0x7f000001:80",
    "0177.0.0.1:80",
    "2130706433:80",
    "127.0.0.0x1:80",
    "1.2.3:80",
    "1.2.3.4.:80",
    "256.0.0.1:80",
  ])("are refused for the odd literal %s", async (member) => {
    await expect(saying("127.0.0.1")(member)).rejects.toThrow(`${member} is an odd way to write an address`);
  });

  test.each([
    "app",
    "app:",
    "app:0",
    "app:65536",
    "app:080",
    "app:8o",
    ":80",
    "::1:80",
    "[::1]",
    "[::1]80",
    "[app]:80",
    "[fe80::1%lo]:80",
    "a b:80",
    "unix:/run/x.sock",
    "-a:80",
    "a..b:80",
    "a;b:80",
  ])("are refused for what is no member: %s", async (member) => {
    await expect(saying("127.0.0.1")(member)).rejects.toThrow(member);
  });

  test("of a name that nobody knows are an error with the name", async () => {
    await expect(resolve("no-such-name.invalid:80")).rejects.toThrow(
      /^the name no-such-name\.invalid (is not known|could not be resolved \(EAI_AGAIN\))$/,
    );
    await expect(saying()("app:80")).rejects.toThrow("app:80 has no address that can be used");
  });

  test("are waited for no longer than the limit, and asked for once meanwhile", async () => {
    let asked = 0;
    const answer = Promise.withResolvers<readonly string[]>();
    const slow = createResolve({
      timeoutMs: 50,
      lookup: () => {
        asked += 1;
        return answer.promise;
      },
    });
    await expect(slow("app:80")).rejects.toThrow("the name app was not resolved within 0.05 s");
    const second = slow("app:81");
    answer.resolve(["10.0.0.1"]);
    expect(await second).toEqual(["10.0.0.1:81"]);
    expect(asked).toBe(1);
    expect(await slow("app:80")).toEqual(["10.0.0.1:80"]);
    expect(asked).toBe(2);
  });
});
