import { describe, expect, it } from "vitest";
import { width } from "../../src/cli/format/width.ts";
import { type Picture, pictureLines } from "../../src/demo/picture.ts";
import { SCENES } from "../../src/demo/scenes.ts";
import { eventView, rolloutView, serviceView } from "../support/views.ts";

const STYLE = { colour: false, unicode: true, columns: 80 };

function picture(changes: Partial<Picture> = {}): Picture {
  return {
    heading: ["Act 1 of 3: a canary", "v1 on blue has all requests.", "$ sluice start web"],
    seen: {
      versions: [
        { version: "v1", good: 75, failed: 0 },
        { version: "v2", good: 20, failed: 5 },
      ],
      now: new Map([
        ["v1", 0.75],
        ["v2", 0.25],
      ]),
      total: 100,
      lost: 0,
    },
    poolOf: (version) => (version === "v1" ? "blue" : "green"),
    service: serviceView(),
    rollout: rolloutView(),
    ageMs: 0,
    trouble: null,
    events: [],
    footer: "00:05   Ctrl-C ends it",
    ...changes,
  };
}

describe("the live view", () => {
  it("shows what clients saw by version, and how many were lost", () => {
    const text = pictureLines(picture(), STYLE, 24, 0).join("\n");
    expect(text).toMatch(/v1 +blue +█{15}░{5} +75% +75 +0/);
    expect(text).toMatch(/v2 +green +█{5}░{15} +25% +20 +5/);
    expect(text).toContain("100 requests, ✔ 0 lost");
  });

  it("is exactly as high before, during and after a rollout, so that nothing jumps", () => {
    const events = Array.from({ length: 20 }, (_, index) => eventView(index + 1));
    const looks = [
      picture({ rollout: null }),
      picture({ events: events.slice(0, 1) }),
      picture({ events, trouble: "the controller does not answer" }),
    ];
    const heights = looks.map((look) => pictureLines(look, STYLE, 24, 0).length);
    expect(new Set(heights).size).toBe(1);
  });

  it.each([
    [80, 24],
    [60, 15],
    [160, 50],
    [40, 8],
  ])("never leaves a terminal of %i columns and %i rows", (columns, rows) => {
    const events = Array.from({ length: 20 }, (_, index) => eventView(index + 1, { text: "a long text ".repeat(20) }));
    const lines = pictureLines(picture({ events }), { ...STYLE, columns }, rows, 0);
    expect(lines.length).toBeLessThan(rows);
    expect(Math.max(...lines.map(width))).toBeLessThanOrEqual(columns);
  });

  it("shows the newest lines of the journal where there is no room for all", () => {
    const events = Array.from({ length: 20 }, (_, index) => eventView(index + 1, { text: `happened ${index + 1}.` }));
    const text = pictureLines(picture({ events }), STYLE, 24, 0).join("\n");
    expect(text).toContain("happened 20.");
    expect(text).not.toContain("happened 1.");
  });
});

it("every line of the story fits a terminal of 80 columns", () => {
  const lines = SCENES.flatMap(({ title, happens, command }) => [`Act 1 of 3: ${title}`, ...happens, `$ ${command}`]);
  expect(lines.filter((text) => text.length > 80)).toEqual([]);
});
