import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Command, PersonCommand } from '#/incident/commands.ts'
import { decide } from '#/incident/decide.ts'
import type { IncidentEvent, IncidentId, Recorded, SignedText } from '#/incident/events.ts'
import { evolve } from '#/incident/evolve.ts'
import { holdInForce } from '#/incident/hold-state.ts'
import type { Actor } from '#/incident/people.ts'
import { afterRefusal } from '#/incident/probing.ts'
import type { Refusal } from '#/incident/refusals.ts'
import { scrub } from '#/incident/scrub.ts'
import { findStep, type Incident, type OpenedIncident, targetOf, unopened } from '#/incident/state.ts'
import type { Surroundings } from '#/incident/surroundings.ts'
import { whatWasTried } from '#/incident/tried.ts'
import type { RequestId } from '#/incident/work.ts'
import type { Draft, Entry, Json } from '#/ledger/chain.ts'
import type { Ledger } from '#/ledger/ledger.ts'
import type { LedgerReader } from '#/ledger/reader.ts'
import type { Inputs } from '#/playbook/inputs.ts'
import type { Policy } from '#/policy/policy.ts'

/** What came of a command: the state after it and what was recorded, or the refusal and its sentence. */
export type Executed =
  | { readonly kind: 'accepted'; readonly incident: OpenedIncident; readonly recorded: readonly Recorded[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly sentence: string }

/** The stream for what belongs to no incident: refused openings, forgeries. */
export const systemStream = 'system' as IncidentId

/** The incidents, as far as the ledger knows them. */
export type Incidents = {
  /**
   * Loads, decides, records. Synchronous, so that no two decisions ever cross; what it accepted is on disk when it returns. A
   * person's refused command is recorded as well. What it was `signed` with at a terminal is recorded right before what came of it. Throws
   * LedgerWriteFailed when the disk does not take it: then nothing happened.
   */
  execute(incident: IncidentId | 'new', command: Command, signed?: SignedText): Executed
  find(id: IncidentId): OpenedIncident | undefined
  /** In the order they were opened. */
  open(): readonly OpenedIncident[]
  /** Newest first, open or closed. */
  recent(count: number): readonly OpenedIncident[]
  /** Every entry of an incident in order; with `after`, only what came later. */
  timeline(id: IncidentId, after?: number): readonly Recorded[]
  /**
   * Whether an open request has been shown for as long as one may be, by a clock that never goes back. The other clock, whose times
   * the record shows, can be set; setting it back must not make an approval good for longer.
   */
  readonly outlived: (incident: IncidentId, request: RequestId) => boolean
  /** Whether what was announced to be done alone has waited for its delay by that clock as well. */
  readonly ripe: (incident: IncidentId, request: RequestId) => boolean
}

/** Read for every decision: `policy` may be a getter, and is the one in force at that moment. */
export type Rules = Pick<Surroundings, 'policy' | 'sweepDelayMs' | 'legalDeadlineMs'>

/** Folds the open incidents once and keeps them; a click never reads the ledger again. */
export function createIncidents({
  ledger,
  rules,
  now,
  monotonic = () => performance.now(),
}: {
  readonly ledger: Ledger
  readonly rules: Rules
  readonly now: () => Date
  /** Milliseconds of a clock that never goes back. */
  readonly monotonic?: () => number
}): Incidents {
  const open = new Map<IncidentId, OpenedIncident>()
  for (const id of ledger.streams({ having: 'IncidentOpened', without: 'IncidentClosed' })) {
    const incident = fold(ledger, id as IncidentId)
    if (incident !== undefined) open.set(incident.id, incident)
  }
  // What was shown before this start has at most a whole life left, whatever was done to the clock meanwhile.
  const endsAt = new Map<string, number>()
  const noteShown = ({ id, requests }: OpenedIncident, request: RequestId): void => {
    const shown = requests.get(request)?.shown
    if (shown !== undefined) endsAt.set(`${id} ${request}`, monotonic() + between(shown.at, shown.expiresAt))
  }
  for (const incident of open.values()) for (const request of incident.requests.keys()) noteShown(incident, request)
  const outlived = (id: IncidentId, request: RequestId): boolean =>
    monotonic() >= (endsAt.get(`${id} ${request}`) ?? Number.POSITIVE_INFINITY)
  const delays = new Map<string, number>()
  const ripe = (id: IncidentId, request: RequestId): boolean => monotonic() >= (delays.get(`${id} ${request}`) ?? 0)
  const policyDigest = once((policy: Policy) => digestOf(policy))
  // A stream's end is not always the state's: refusals may stand in a stream that never opened.
  const positions = new Map<IncidentId, number>()
  let opened = ledger.streamCount({ having: 'IncidentOpened' })

  const find = (id: IncidentId) => open.get(id) ?? fold(ledger, id)

  const forget = ({ id, requests }: OpenedIncident): void => {
    open.delete(id)
    for (const request of requests.keys()) {
      endsAt.delete(`${id} ${request}`)
      delays.delete(`${id} ${request}`)
    }
  }

  const record = (id: IncidentId, before: Incident, actor: Actor, at: string, events: readonly IncidentEvent[]) => {
    const expected =
      before.status === 'unopened' ? (positions.get(id) ?? ledger.stream(id).at(-1)?.seq ?? 0) : before.lastSeq
    const entries = ledger.append({ incident: id, expected, at, drafts: events.map((event) => draftOf(event, actor)) })
    const recorded = entries.map(recordedOf)
    const after = recorded.reduce(evolve, before)
    if (after.status === 'unopened') positions.set(id, entries.at(-1)?.seq ?? expected)
    else if (after.status === 'open') open.set(id, after)
    else forget(after)
    for (const { event } of recorded) {
      if (event.type === 'RequestShown' && after.status !== 'unopened') noteShown(after, event.request)
      if (event.type === 'GlassAnnounced') delays.set(`${id} ${event.request}`, monotonic() + between(at, event.dueAt))
    }
    return { after, recorded }
  }

  function execute(target: IncidentId | 'new', given: Command, signed?: SignedText): Executed {
    const command = scrubbed(given)
    const at = now().toISOString()
    const id = target === 'new' ? (`INC-${opened + 1}` as IncidentId) : target
    const before: Incident = target === 'new' ? unopened : (find(id) ?? unopened)
    const proof = signed === undefined ? [] : [{ type: 'CommandSigned', ...signed } as const]
    const decision = decide(before, command, {
      ...rules,
      policyDigest: policyDigest(rules.policy),
      now: at,
      open: [...open.values()],
      digestOf,
      later,
      outlived: (request) => outlived(id, request),
      ripe: (request) => ripe(id, request),
    })
    if (decision.kind === 'refused') {
      const { refusal, sentence } = decision
      if ('by' in command) {
        const stream = before.status === 'unopened' ? systemStream : id
        // It may repeat what was typed in place of a username.
        const tried = scrub(whatWasTried(command, before))
        record(stream, before, command.by.person, at, [...proof, ...afterRefusal(before, command, decision, tried)])
      }
      return { kind: 'refused', refusal, sentence }
    }
    const { after, recorded } = record(id, before, actorOf(command), at, [...proof, ...decision.events])
    if (command.type === 'OpenIncident') {
      opened += 1
      // Cut short here, the new incident still names the one it follows from.
      if (command.from !== undefined && find(command.from) !== undefined)
        execute(command.from, {
          type: 'LinkIncident',
          to: id,
          playbook: command.playbook.title,
          person: command.by.person,
        })
    }
    // Only a forgery is accepted where no incident is open, and nobody waits for its state.
    if (after.status === 'unopened')
      return { kind: 'refused', refusal: { code: 'no_such_incident', about: {} }, sentence: '' }
    resumeOthers(id, recorded)
    supersedeHolds(after, recorded)
    return { kind: 'accepted', incident: after, recorded }
  }

  /** Everything is resumed by one request in one incident; the others are told. Cut short, they stay stopped, and can be asked for again. */
  function resumeOthers(id: IncidentId, recorded: readonly Recorded[]): void {
    for (const { event } of recorded) {
      if (event.type !== 'WorkResumed' || !event.all || event.incident !== id) continue
      for (const other of open.values())
        if (other.id !== id && other.stops.some(({ all }) => all))
          execute(other.id, { type: 'ResumeToo', incident: id, request: event.request, people: event.by })
    }
  }

  /** Two people had an account suspended here: a hold on it that another incident placed must not lift that. */
  function supersedeHolds(after: OpenedIncident, recorded: readonly Recorded[]): void {
    for (const { event } of recorded) {
      const account = accountSuspended(after, event)
      if (account === undefined) continue
      for (const other of open.values())
        if (other.id !== after.id && other.target.id === account && holdInForce(other) !== undefined)
          execute(other.id, { type: 'SupersedeHold', incident: after.id })
    }
  }

  return {
    execute,
    find,
    open: () => [...open.values()],
    outlived,
    ripe,
    // Their numbers say which are the newest, so that nothing has to be looked for.
    recent: (count) =>
      Array.from({ length: Math.min(count, opened) }, (_, back) => `INC-${opened - back}` as IncidentId).flatMap(
        (id) => find(id) ?? [],
      ),
    timeline: (id, after = 0) => ledger.stream(id, after).map(recordedOf),
  }
}

/** An incident as its stream tells it; undefined when it was never opened. */
export function fold(ledger: Pick<LedgerReader, 'stream'>, id: IncidentId): OpenedIncident | undefined {
  const incident = ledger.stream(id).map(recordedOf).reduce(evolve, unopened)
  return incident.status === 'unopened' ? undefined : incident
}

/** An entry of the ledger as the fact it records. */
export function recordedOf({ seq, incident, at, type, actor, body, hash }: Entry): Recorded {
  // What stands in the ledger was written by `draftOf` below, and the chain vouches for it.
  const event = { ...(body as object), type } as IncidentEvent
  return { seq, incident: incident as IncidentId, at, actor: actor as unknown as Actor, hash, event }
}

function draftOf({ type, ...body }: IncidentEvent, actor: Actor): Draft {
  return { type, actor: plain(actor), body: plain(body) }
}

/** The value as JSON has it: without absent fields, and every text whole, because canonical JSON knows no half characters. */
export function plain(value: unknown): Json {
  const whole = (_key: string, one: unknown): unknown => (typeof one === 'string' ? one.toWellFormed() : one)
  return JSON.parse(JSON.stringify(value, whole)) as Json
}

/** SHA-256 over the canonical JSON (RFC 8785), lower-case hex. */
export function digestOf(value: unknown): string {
  return createHash('sha256')
    .update(canonicalize(plain(value)) ?? '')
    .digest('hex')
}

/** The answer for the value that was asked about last is kept. */
function once<Value, Answer>(answerTo: (value: Value) => Answer): (value: Value) => Answer {
  let kept: { readonly value: Value; readonly answer: Answer } | undefined
  return (value) => {
    if (kept?.value !== value) kept = { value, answer: answerTo(value) }
    return kept.answer
  }
}

/** `ms` after an ISO moment, as ISO. */
export function later(at: string, ms: number): string {
  return new Date(Date.parse(at) + ms).toISOString()
}

/** The account that two people had suspended. */
function accountSuspended(incident: OpenedIncident, event: IncidentEvent): string | undefined {
  if (event.type === 'HoldConfirmed') return incident.target.id
  const isSuspension = event.type === 'StepDone' && event.action === 'suspend-account' && event.proven
  return isSuspension ? targetOf(incident, findStep(incident, event.step)).id : undefined
}

function between(one: string, other: string): number {
  return Date.parse(other) - Date.parse(one)
}

function actorOf(command: Command): Actor {
  if ('by' in command) return command.by.person
  if (command.type === 'RecordOutcome') return { worker: command.worker }
  const isTheirs = command.type === 'RecordMessage' || command.type === 'RecordEdit'
  return isTheirs && command.person !== undefined ? command.person : { program: 'autentico' }
}

/** What people typed, without anything that looks like a secret. The ledger can never forget, so it must never learn. */
export function scrubbed(command: Command): Command {
  if ('by' in command) return { ...command, ...mapped(command) }
  return { ...command, ...written(command) }
}

/** What they wrote in the thread, which may be anything. */
function written(command: Exclude<Command, PersonCommand>): Partial<Record<'text' | 'before' | 'after', string>> & {
  readonly files?: readonly string[]
} {
  if (command.type === 'RecordMessage') return { text: scrub(command.text), files: command.files.map(scrub) }
  const isChange = command.type === 'RecordEdit' || command.type === 'RecordDeletion'
  return {
    ...(isChange && command.before !== undefined ? { before: scrub(command.before) } : {}),
    ...(command.type === 'RecordEdit' ? { after: scrub(command.after) } : {}),
  }
}

/** A fingerprint looks like a secret and is none; what is no such thing is free text. */
function scrubbedInputs(inputs: Inputs): Inputs {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name, /^[0-9a-f]{64}$/.test(value) ? value : scrub(value)]),
  )
}

function mapped(command: PersonCommand): Partial<
  Record<'summary' | 'reason' | 'text' | 'channel' | 'identityCheck' | 'note', string>
> & {
  readonly inputs?: Inputs
} {
  switch (command.type) {
    case 'OpenIncident':
      return { summary: scrub(command.summary) }
    case 'AskForStep':
      return {
        ...(command.reason === undefined ? {} : { reason: scrub(command.reason) }),
        ...(command.inputs === undefined ? {} : { inputs: scrubbedInputs(command.inputs) }),
      }
    case 'StopWork':
      return command.reason === undefined ? {} : { reason: scrub(command.reason) }
    case 'DenyRequest':
    case 'CloseIncident':
    case 'BreakGlass':
      return { reason: scrub(command.reason) }
    case 'AddNote':
      return { text: scrub(command.text) }
    case 'CorrectAwareness':
    case 'ReviewGlass':
      return { note: scrub(command.note) }
    case 'RecordNotification':
      return { channel: scrub(command.channel), identityCheck: scrub(command.identityCheck), note: scrub(command.note) }
    case 'ApproveRequest':
    case 'BeginStepUp':
      return command.reason === undefined ? {} : { reason: scrub(command.reason) }
    case 'WithdrawRequest':
    case 'AskToResume':
    case 'HoldTarget':
    case 'LiftAgain':
    case 'ReadAgain':
    case 'TakeCommand':
    case 'ShowSecret':
    case 'AskForPack':
      return {}
  }
}
