/**
 * The deploy hook of `orders`: has one member run a version, by the control address of its container. Yours may run ssh here, or
 * call the machine's own agent; the exit code is what counts, and what it says is kept with the rollout.
 *
 *     node deploy.mts orders-a:8080 v2
 */
const [member = "", version = ""] = process.argv.slice(2);
const host = member.slice(0, member.lastIndexOf(":"));

const url = `http://${host}:8090/deploy?version=${encodeURIComponent(version)}`;
const answer = await fetch(url, { method: "POST", signal: AbortSignal.timeout(60_000) });
console.log(`${member}: ${(await answer.text()).trim()}`);
process.exitCode = answer.ok ? 0 : 1;
