import type { GovernanceCommand } from '#/governance/commands.ts'
import { decideChange, type Offered } from '#/governance/decide.ts'
import { type ChangeId, type GovernanceEvent, governanceStream, type RecordedChange } from '#/governance/events.ts'
import { differencesOf } from '#/governance/policy-words.ts'
import { whyUnreadable } from '#/governance/recorded-policy.ts'
import type { ChangeRefusal } from '#/governance/refusals.ts'
import {
  type Adopted,
  activeKeys,
  applyChange,
  type ChangeStepUp,
  emptyRulebook,
  openChanges,
  type RegisteredKey,
  type RequestedChange,
  type Rulebook,
} from '#/governance/state.ts'
import { changeTried } from '#/governance/words.ts'
import type { Actor } from '#/incident/people.ts'
import { scrub } from '#/incident/scrub.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import { isAutenticoPatient, isUsedIn } from '#/incident/step-up.ts'
import type { Entry } from '#/ledger/chain.ts'
import type { Ledger } from '#/ledger/ledger.ts'
import type { LedgerReader } from '#/ledger/reader.ts'
import type { Policy } from '#/policy/policy.ts'
import { readPublicKey } from '#/terminal/public-key.ts'
import { digestOf, later, plain } from './incidents.ts'

/** What came of a command about the rules. */
export type ChangeExecuted =
  | { readonly kind: 'accepted'; readonly rulebook: Rulebook; readonly recorded: readonly RecordedChange[] }
  | { readonly kind: 'refused'; readonly refusal: ChangeRefusal; readonly sentence: string }

/** The rules, as far as the ledger knows them. */
export type Governance = {
  /** The policy in force: what two people adopted last, whatever the configuration says. */
  policy(): Adopted
  /** What the configuration says in its place. Undefined: the same. It was read at the start and is not read again. */
  offered(): Offered | undefined
  /** The terminal keys that count. */
  keys(): readonly RegisteredKey[]
  /** The key that counts by this fingerprint. */
  keyOf(fingerprint: string): RegisteredKey | undefined
  /** The changes that wait for a decision, in the order they were asked for. */
  pending(): readonly RequestedChange[]
  /** Who is signing in to Autentico to approve one of them. */
  stepUps(): readonly ChangeStepUp[]
  change(id: ChangeId): RequestedChange | undefined
  /** Every change that was ever asked for. */
  changes(): readonly RequestedChange[]
  /** What was recorded; with `after`, only what came later. */
  timeline(after?: number): readonly RecordedChange[]
  /**
   * Decides and records. Synchronous; what it accepted is on disk when it returns. A person's refused command is recorded as well. Throws
   * LedgerWriteFailed when the disk does not take it: then nothing happened.
   */
  execute(command: GovernanceCommand): ChangeExecuted
  /** Records that a sign-in led to no approval. Throws LedgerWriteFailed. */
  endStepUp(ended: Omit<Extract<GovernanceCommand, { type: 'EndChangeStepUp' }>, 'type'>): void
  /** Ends the changes whose time is over. Writes nothing when there are none. */
  expire(): void
}

/** The recorded policy cannot be decided under, so the program does not start. */
export class PolicyUnreadable extends Error {
  override readonly name = 'PolicyUnreadable'
}

/**
 * Loads the rules from the ledger. Where nothing was ever adopted, what is configured is adopted now, by the program; from then on it
 * takes two people.
 *
 * @throws PolicyUnreadable if the policy that was adopted last is damaged.
 */
export function createGovernance({
  ledger,
  configured,
  open,
  now,
  monotonic = () => performance.now(),
}: {
  readonly ledger: Ledger
  readonly configured: Policy
  /** The open incidents: whoever is the target of one changes no rules. */
  readonly open: () => readonly Pick<OpenedIncident, 'id' | 'target' | 'playbook' | 'requests' | 'glass'>[]
  readonly now: () => Date
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic?: () => number
}): Governance {
  let rulebook = readRulebook(ledger)
  const { adopted } = rulebook
  const why = adopted === undefined ? undefined : whyUnreadable(adopted, digestOf)
  if (adopted !== undefined && why !== undefined) throw new PolicyUnreadable(unreadable(adopted, why))
  // What was asked for before this start has at most a whole life left, whatever was done to the clock meanwhile.
  const askedAt = new Map<ChangeId, number>(openChanges(rulebook).map(({ id }) => [id, monotonic()]))
  const offered = (): Offered => ({
    policy: configured,
    digest: configuredDigest,
    differences: rulebook.adopted === undefined ? [] : differencesOf(rulebook.adopted.policy, configured),
  })
  const configuredDigest = digestOf(configured)

  const record = (actor: Actor, at: string, events: readonly GovernanceEvent[]): readonly RecordedChange[] => {
    if (events.length === 0) return []
    const drafts = events.map(({ type, ...body }) => ({ type, actor: plain(actor), body: plain(body) }))
    const entries = ledger.append({ incident: governanceStream, expected: rulebook.lastSeq, at, drafts })
    const recorded = entries.map(recordedChange)
    rulebook = recorded.reduce(applyChange, rulebook)
    for (const { event } of recorded) if (event.type === 'ChangeRequested') askedAt.set(event.id, monotonic())
    return recorded
  }

  const outlived = (id: ChangeId): boolean => {
    const [since, change] = [askedAt.get(id), rulebook.changes.get(id)]
    return since !== undefined && change !== undefined && monotonic() - since >= change.rule.ttlMs
  }

  function execute(given: GovernanceCommand): ChangeExecuted {
    const command = scrubbed(given)
    const at = now().toISOString()
    // The program's own commands are nobody's, and the first of them comes before any incident was read.
    const incidents = 'by' in command ? open() : []
    const targets = incidents.map(({ id, target }) => ({ incident: id, target }))
    const isUsed = (tokenDigest: string) => incidents.some((incident) => isUsedIn(incident, tokenDigest))
    const patient = incidents.find(isAutenticoPatient)?.id
    const around = {
      now: at,
      configured: offered(),
      targets,
      isUsed,
      patient,
      readKey: readPublicKey,
      digestOf,
      outlived,
      later,
    }
    const decision = decideChange(rulebook, command, around)
    const actor = 'by' in command ? command.by.person : { program: 'autentico' }
    if (decision.kind === 'accepted')
      return { kind: 'accepted', recorded: record(actor, at, decision.events), rulebook }
    const { refusal, sentence } = decision
    if ('by' in command) {
      const id = 'change' in command && rulebook.changes.has(command.change) ? { id: command.change } : {}
      record(actor, at, [
        { type: 'ChangeRefused', tried: changeTried(command), refusal: refusal.code, sentence, ...id },
      ])
    }
    return { kind: 'refused', refusal, sentence }
  }

  execute({ type: 'AdoptFirst' })
  const policy = (): Adopted => {
    // The line above has seen to it.
    if (rulebook.adopted === undefined) throw new Error('no policy was adopted')
    return rulebook.adopted
  }

  return {
    policy,
    offered: () => (policy().digest === configuredDigest ? undefined : offered()),
    keys: () => activeKeys(rulebook),
    keyOf: (fingerprint) => activeKeys(rulebook).find((key) => key.fingerprint === fingerprint),
    pending: () => openChanges(rulebook),
    stepUps: () => rulebook.stepUps,
    change: (id) => rulebook.changes.get(id),
    changes: () => [...rulebook.changes.values()],
    timeline: (after = 0) => ledger.stream(governanceStream, after).map(recordedChange),
    execute,
    endStepUp: (ended) => void execute({ type: 'EndChangeStepUp', ...ended }),
    expire() {
      const at = now().toISOString()
      if (openChanges(rulebook).some(({ id, expiresAt }) => expiresAt <= at || outlived(id)))
        execute({ type: 'ExpireChanges' })
    },
  }
}

/** The rules as a ledger tells them, for those who only read it. */
export function readRulebook(ledger: Pick<LedgerReader, 'stream'>): Rulebook {
  return ledger.stream(governanceStream).map(recordedChange).reduce(applyChange, emptyRulebook)
}

/** An entry of the governance stream as the fact it records. */
export function recordedChange({ seq, at, type, actor, body, hash }: Entry): RecordedChange {
  // What stands in the ledger was written by `record` above, and the chain vouches for it.
  const event = { ...(body as object), type } as GovernanceEvent
  return { seq, at, actor: actor as unknown as Actor, hash, event }
}

function unreadable({ seq }: Adopted, why: string): string {
  return `The policy in force cannot be read from the ledger: entry ${seq} (${why}). Nothing is decided under rules that nobody knows. Run \`responder verify\`; if the ledger is intact, start the release that recorded the entry.`
}

/** What people typed, without anything that looks like a secret. */
function scrubbed(command: GovernanceCommand): GovernanceCommand {
  if (command.type === 'DenyChange') return { ...command, reason: scrub(command.reason) }
  return command.type === 'ApproveChange' && command.reason !== undefined
    ? { ...command, reason: scrub(command.reason) }
    : command
}
