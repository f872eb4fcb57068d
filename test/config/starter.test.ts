import { describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { includeLines, starterYaml } from "../../src/config/starter.ts";
import { withWeb } from "../support/sluice-yaml.ts";

const parse = (text: string) => parseConfig(text, "/etc/sluice/sluice.yaml", {});

describe("the file that init writes", () => {
  test("is right as it is, without a warning", () => {
    const config = parse(starterYaml());
    expect(config.warnings).toEqual([]);
    expect(Object.keys(config.services)).toEqual(["web"]);
    expect(config.services.web?.canary?.steps).toHaveLength(4);
  });

  test("is right with its commented parts in place", () => {
    const text = starterYaml()
      .replace(/^( *)# (metrics:| {2}errors:|health: \{ path|checks:|rolling:|hooks:|freeze:)/gm, "$1$2")
      .replace(/^ {4}health: \{ interval.*\n/m, "");
    const web = parse(text).services.web;
    expect(web?.health.path).toBe("/healthz");
    expect(web?.canary?.checks).toHaveLength(1);
    expect(web?.rolling?.rollback?.hook.name).toBe("deploy.sh");
    expect(web?.hooks.beforeStart).toHaveLength(1);
    expect(web?.freezes).toHaveLength(1);
  });

  test("takes over upstreams that were found, under names and addresses that Sluice can use", () => {
    const upstreams = [
      { name: "Shop_Backend", servers: ["10.0.0.1:80", "10.0.0.2", "10.0.0.1:80"] },
      { name: "shop.backend", servers: ["unix:/run/app.sock", "[::1]:81"] },
      { name: "sluice", servers: [] },
    ];
    const config = parse(starterYaml({ upstreams, nginxConfig: "/opt/nginx/nginx.conf", schema: "./sluice.schema.json" }));
    const members = Object.values(config.services).map(({ name, pools }) => [name, pools.blue?.members, pools.green?.members]);
    expect(members).toEqual([
      ["shop-backend", ["10.0.0.1:80", "10.0.0.2:80"], []],
      ["shop-backend2", ["[::1]:81"], []],
      ["web", [], []],
    ]);
    expect(config.nginx.local?.drive).toMatchObject({ config: "/opt/nginx/nginx.conf" });
    expect(starterYaml({ upstreams })).toContain('no host:port: "unix:/run/app.sock"');
  });
});

describe("the lines for nginx.conf", () => {
  test("leave a weighted service's proxy_pass as it is", () => {
    expect(includeLines(parse(withWeb("")))).toBe(`# nginx.conf of local
http {
    include /etc/nginx/sluice/current/*.http.conf;

    server {
        …
        location / {    # of web
            proxy_pass http://web;
        }
        include /etc/nginx/sluice/current/sluice.closing.conf;    # last, once in each server
    }
}
`);
  });

  test("put a live service's choice first in its server, and the closing include last", () => {
    const lines = includeLines(parse(withWeb("    routing: live\n").replace("web:", "my-app:"))).split("\n");
    const order = ["my-app.server.conf", "proxy_pass http://$my_app_pool;", "sluice.closing.conf"];
    const places = order.map((text) => lines.findIndex((line) => line.includes(text)));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  test("are given for each target, with the services that it serves", () => {
    const nginx =
      "nginx:\n  a: { include: /a, tables: /at, status: '127.0.0.1:1' }\n  b: { include: /b, tables: /bt, status: '127.0.0.1:2' }\n";
    const [a, b] = includeLines(parse(withWeb("    targets: [b]\n", nginx))).split("\n\n# ");
    expect(a).toContain("nginx.conf of a");
    expect(a).not.toContain("http://web");
    expect(b).toContain("http://web");
  });
});
