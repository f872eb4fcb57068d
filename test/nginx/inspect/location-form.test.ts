import { describe, expect, test } from "vitest";
import { GOOD, inspectHttp, inspectText, type Paths, serviceOf } from "../../support/inspected.ts";

const HEADERS = GOOD.replace("proxy_redirect http://$web_pool/ /;", "");

/** A server whose location has our location file, and `inside` around it. */
function location(paths: Paths, inside: (include: string) => string, match = "/"): string {
  return `
    include ${paths.current}/*.http.conf;
    server {
      listen 127.0.0.1:${paths.port};
      location ${match} {
        ${HEADERS}
        ${inside(`include ${paths.current}/web.location.conf;   # ours`)}
      }
      include ${paths.current}/sluice.closing.conf;
    }`;
}

describe("the location form", () => {
  test("with everything as it should be, nothing is found", async () => {
    expect((await inspectHttp((paths) => location(paths, (include) => include))).findings).toEqual([]);
  });

  test.each([
    ["if", "location-form-if", "if ($http_x_a) {\n add_header X-A 1;\n }"],
    ["limit_except", "location-form-limit-except", "limit_except GET POST { deny all; }"],
    ["try_files", "location-form-try-files", "try_files $uri @none;"],
  ])("is refused with %s beside it, and the server form offered", async (name, code, text) => {
    for (const inside of [(include: string) => `${text}\n${include}`, (include: string) => `${include}\n${text}`]) {
      const found = await inspectHttp((paths) => location(paths, inside));
      expect(found.codes).toEqual([code]);
      const finding = found.the(code);
      expect(finding).toMatchObject({ severity: "error", service: "web", line: found.line(text.split("\n")[0] ?? "") });
      expect(finding.message).toContain(`"${name}"`);
      expect(finding.fix).toContain("proxy_pass http://$web_pool;");
      expect(finding.fix).toContain("web.server.conf;");
    }
  });

  test.each(["rewrite ^/old /new break;", "break;"])("is refused behind `%s`, and fine before it", async (rewrite) => {
    const behind = await inspectHttp((paths) => location(paths, (include) => `${rewrite}\n${include}`));
    expect(behind.the("location-form-rewrite")).toMatchObject({ severity: "error", line: behind.line("# ours") });
    expect(behind.the("location-form-rewrite").message).toContain(`:${behind.line(rewrite)} `);
    const before = await inspectHttp((paths) => location(paths, (include) => `${include}\n${rewrite}`));
    expect(before.codes).toEqual([]);
  });

  test("numbered captures are refused where the table is looked up through a pattern, and only there", async () => {
    const inside = (include: string) => `${include}\nproxy_set_header Host $host;\nproxy_set_header X-Part $1;`;
    const byAddress = serviceOf({ key: { by: "address" } });
    const found = await inspectHttp(
      (paths) => location(paths, inside, "~ ^/(.*)$").replace(`${HEADERS}`, HEADERS.replace("proxy_set_header Host $host;", "")),
      {
        services: [byAddress],
      },
    );
    expect(found.the("location-form-captures")).toMatchObject({ severity: "error", line: found.line("X-Part") });
    expect(found.the("location-form-captures").fix).toContain("(?<part>…)");
    const words = serviceOf({ overrides: { header: "X-Canary", cookie: "canary" } });
    const random = await inspectHttp((paths) => location(paths, inside, "~ ^/(.*)$"), { services: [words] });
    expect(random.codes).toEqual([]);
  });

  test("an include outside of a location, or inside an if, is refused by nginx and named", () => {
    const found = inspectText(
      "http {\n server {\n include sluice/current/web.location.conf;\n location / {\n if ($a) {\n include sluice/current/web.location.conf;\n }\n }\n }\n}",
    );
    expect(found.the("location-include-misplaced")).toMatchObject({ severity: "error", line: 3, service: "web" });
    expect(found.the("location-form-if")).toMatchObject({ severity: "error", line: 6 });
  });

  test("both forms for the same requests are named, with both places", async () => {
    const found = await inspectHttp((paths) =>
      location(paths, (include) => include).replace("location /", `include ${paths.current}/web.server.conf;\nlocation /`),
    );
    const finding = found.the("both-forms");
    expect(finding).toMatchObject({ severity: "warning", line: found.line("# ours") });
    expect(finding.message).toContain(`:${found.line("web.server.conf")}:`.replace(/:$/, ""));
  });
});
