import { type Expected, type Finding, inOrder } from "./finding.ts";
import { closing } from "./rules/closing.ts";
import { fileCache } from "./rules/file-cache.ts";
import { httpInclude } from "./rules/http-include.ts";
import { locationForm } from "./rules/location-form.ts";
import { log } from "./rules/log.ts";
import { wholeProcess } from "./rules/process.ts";
import { proxy } from "./rules/proxy.ts";
import { serverForm } from "./rules/server-form.ts";
import { status } from "./rules/status.ts";
import { stickyKey } from "./rules/sticky-key.ts";
import { upstreams } from "./rules/upstreams.ts";
import { volatileFolders } from "./rules/volatile-folders.ts";
import { type Survey, surveyOf } from "./survey.ts";
import type { ConfigTree } from "./tree.ts";

const RULES: readonly ((survey: Survey) => Finding[])[] = [
  httpInclude,
  serverForm,
  locationForm,
  proxy,
  fileCache,
  stickyKey,
  closing,
  upstreams,
  log,
  status,
  volatileFolders,
  wholeProcess,
];

/** Everything in the user's nginx configuration that does not fit the services, worst first. Never throws on odd configurations. */
export function findings(tree: ConfigTree, expected: Expected): Finding[] {
  const survey = surveyOf(tree, expected);
  return inOrder([...unread(survey), ...RULES.flatMap((rule) => rule(survey))]);
}

/** What could not be read. A file of ours that is missing only needs to be rendered. */
function unread(survey: Survey): Finding[] {
  return survey.tree.problems.map(({ code, file, line, message }) => {
    const own = code === "include-missing" && message.includes(`${survey.target.include}/`);
    const fix = own
      ? "Write the first set of files, then test again:\n    sluice render --write"
      : `Correct ${file} near line ${line}; nginx -t names the place, too.`;
    return { severity: "error", code: own ? "not-rendered" : code, file, line, service: null, message, fix };
  });
}
