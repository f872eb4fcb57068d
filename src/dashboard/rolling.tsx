import type { RollingMemberState, RollingMemberView, RollingView, ServiceView } from "../core/view.ts";
import { giveUp } from "./act.ts";
import { mayNow } from "./may.ts";
import { Scroll } from "./scroll.tsx";
import { VerbButton } from "./verb-button.tsx";
import { barrier } from "./verbs.ts";

const WORDS: Readonly<Record<RollingMemberState, readonly [word: string, tone: string]>> = {
  pending: ["waits for its turn", "dim"],
  draining: ["draining", "busy"],
  deploying: ["deploying", "busy"],
  checking: ["waits for its health", "busy"],
  returning: ["getting its share back", "busy"],
  monitoring: ["watched", "busy"],
  updated: ["✓ updated", "good"],
  failed: ["✕ failed", "bad"],
  skipped: ["skipped", "warn"],
  excluded: ["excluded", "warn"],
  "rolling-back": ["going back", "bad"],
  "rolled-back": ["back on the old version", "dim"],
  untouched: ["untouched", "dim"],
};

type Props = { readonly service: ServiceView; readonly rolling: RollingView };

/** What is said where no version can be named. */
const VERSIONS = { before: <span class="dim">as before</span>, new: null, unknown: <span class="dim">maybe new</span> } as const;

/** A pool whose members are updated in place: where each of them is, and what may be done about those that failed. */
export function Rolling({ service, rolling }: Props) {
  const { batch, batches, minReady, goingBack, failing, members } = rolling;
  const where = batch === null ? "" : `Batch ${batch} of ${batches}. `;
  return (
    <>
      <p class="dim">
        {where}
        {goingBack && "Members get their old version back. "}
        No member is taken out while fewer than {minReady} others are ready.
      </p>
      {failing !== null && (
        <p class="wrong" role="alert">
          {failing.text}
        </p>
      )}
      <Scroll label="Table of updated members">
        <table class="members stacked">
          <thead>
            <tr>
              <th scope="col">Member</th>
              <th scope="col">Batch</th>
              <th scope="col">Update</th>
              <th scope="col">Version</th>
              <th scope="col">Reason</th>
              <th scope="col">
                <span class="unseen">Action</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {members.map((member) => (
              <Row key={member.address} service={service} rolling={rolling} member={member} />
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}

function Row({ service, rolling, member }: Props & { readonly member: RollingMemberView }) {
  const { address, batch, spare, state, runs, version, reason } = member;
  const [word, tone] = WORDS[state];
  const stuck = rolling.failing?.members.includes(address) === true;
  return (
    <tr data-updating={address} data-state={state}>
      <th scope="row" class="address">
        {address}
      </th>
      <td data-label={spare ? "" : "batch"}>{spare ? "spare" : (batch ?? <span class="dim">–</span>)}</td>
      <td class={`tone ${tone}`}>{word}</td>
      <td data-label="version">{VERSIONS[runs] ?? version ?? "new"}</td>
      <td class={reason === null ? "reason none" : "reason"}>{reason ?? <span class="dim">–</span>}</td>
      <td class="right">{stuck && <GiveUp service={service} member={address} />}</td>
    </tr>
  );
}

const CHOICES = [
  ["skip", "Skip", "Goes on with it as it is."],
  ["exclude", "Exclude", "Goes on without it; it stays out of nginx until somebody puts it back."],
] as const;

function GiveUp({ service, member }: { readonly service: ServiceView; readonly member: string }) {
  return (
    <>
      {CHOICES.map(([verb, label, does]) => (
        <VerbButton
          key={verb}
          label={label}
          name={`${label} ${member}`}
          verb={verb}
          class="quiet"
          does={does}
          blocked={barrier(mayNow())}
          asks={`${verb} ${member}`}
          service={service.name}
          onUse={() => void giveUp(service, verb, member)}
        />
      ))}
    </>
  );
}
