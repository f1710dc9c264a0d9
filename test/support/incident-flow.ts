import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect } from 'vitest'
import { looking, type Member, member, until, wordsOf } from '#/drill/crew.ts'
import { inherited, type Program } from '#/drill/program.ts'
import type { Seen, Submitted } from '#/drill/slack/acts/seen.ts'
import { type Stage, type StageOptions, setStage, type Tempo } from '#/drill/stage.ts'
import { fold, recordedOf } from '#/handle.ts'
import type { EventType, IncidentEvent, IncidentId, Recorded } from '#/incident/events.ts'
import {
  nextStep,
  type OpenedIncident,
  openRequests,
  type Request,
  type StepState,
  stepState,
} from '#/incident/state.ts'
import { type LedgerReader, openLedgerReader } from '#/ledger/reader.ts'

/** The drill's rules with the shortest waits that still are waits. */
export const quickTempo: Tempo = { requestTtl: '10m', sweepDelay: '500ms', pendingLoginTtl: '500ms' }

/** A stage on which messages come at once and nothing is waited for longer than has to be. */
export async function quickStage(options: StageOptions = {}): Promise<Stage> {
  return setStage({ tempo: quickTempo, ...options, slack: { rateLimit: false, ...options.slack } })
}

/** An entry of one type, as the ledger has it. */
export type Happened<T extends EventType> = Recorded & { readonly event: Extract<IncidentEvent, { type: T }> }

/** One incident: what people do in its thread, and what the ledger says of it. */
export type Case = {
  readonly id: IncidentId
  /** The account it is about. */
  readonly username: string
  /** Somebody who looks at this incident's card and thread, and at what is told to them alone. */
  readonly as: (person: string) => Member
  /** The same, with eyes only for the message of this request; without one, of the request that is open now. */
  readonly at: (person: string, request?: Request) => Member
  /** As the ledger on disk has it now. */
  readonly state: () => OpenedIncident
  /** Where the n-th step stands; the first is 1. */
  readonly step: (n: number) => StepState
  readonly entries: <T extends EventType>(type: T) => readonly Happened<T>[]
  /** Waits for an entry of this type, the newest that fits. */
  readonly happens: <T extends EventType>(
    type: T,
    fits?: (one: Happened<T>) => boolean,
    limitMs?: number,
  ) => Promise<Happened<T>>
  /** Presses the button for the n-th step, ana unless said otherwise, and waits for the request to be shown. */
  readonly ask: (n: number, by?: string) => Promise<Request>
  /** Waits for the request that is open, until its message can be pressed. */
  readonly request: () => Promise<Request>
  /** Presses "Approve" on the request that is open; bao unless said otherwise. */
  readonly approve: (by?: string) => Promise<void>
  readonly untilProven: (n: number, limitMs?: number) => Promise<void>
  /** Asked for by one, approved by another, proven. */
  readonly run: (n: number) => Promise<void>
  /** ana asks to skip everything that is left, and bao approves. */
  readonly skipRest: (reason?: string) => Promise<void>
  /** Waits until the sweep has ended, whatever it found. */
  readonly untilSwept: () => Promise<void>
  readonly close: (words?: string, by?: string) => Promise<void>
  readonly card: () => Seen
  /** The messages of the thread, the card first. */
  readonly thread: () => readonly Seen[]
}

/** Opens an incident by the form and waits until its thread is there and the account has been read. */
export async function openFor(
  stage: Stage,
  target: string,
  { by = 'ana', summary = 'Login from two countries' }: { readonly by?: string; readonly summary?: string } = {},
): Promise<Case> {
  const submitted = await member(stage.slack.as(by)).openIncident({ target, summary })
  const title = submitted.ok && submitted.now === 'updated' ? submitted.form.title : undefined
  const [id] = title?.match(/^INC-\d+/) ?? []
  if (id === undefined) throw new Error(`no incident for ${target} was opened: ${JSON.stringify(submitted)}`)
  await stage.slack.as(by).close()
  const opened = caseOf(stage, id as IncidentId)
  await until(() => {
    const { thread, facts } = opened.state()
    return thread === undefined || facts === undefined ? undefined : true
  }, `the thread and the snapshot of ${id}`)
  return opened
}

/** An incident that is there already. */
export function caseOf(stage: Stage, id: IncidentId): Case {
  const state = (): OpenedIncident => {
    using ledger = ledgerOf(stage)
    const incident = fold(ledger, id)
    if (incident === undefined) throw new Error(`${id} was never opened`)
    return incident
  }
  const stepAt = (n: number) => {
    const found = state().playbook.steps[n - 1]
    if (found === undefined) throw new Error(`the playbook of ${id} has no step ${n}`)
    return found
  }
  const step = (n: number): StepState => stepState(state(), stepAt(n).id)
  const isHere = ({ ts, thread }: Seen) => {
    const root = state().thread?.ts
    return root !== undefined && (ts === root || thread === root)
  }
  const as = (person: string) => looking(stage.slack.as(person), (message) => message.ephemeral || isHere(message))
  const open = (): Request | undefined => openRequests(state()).findLast(({ shown }) => shown !== undefined)
  const at = (person: string, request = open()): Member => {
    const code = request?.shown?.code
    if (code === undefined) throw new Error(`${id} shows no request`)
    return looking(
      stage.slack.as(person),
      (message) => message.ephemeral || (isHere(message) && message.text.includes(`code \`${code}\``)),
    )
  }
  const entries = <T extends EventType>(type: T): readonly Happened<T>[] => entriesOf(stage, id, type)
  const happens = async <T extends EventType>(
    type: T,
    fits: (one: Happened<T>) => boolean = () => true,
    limitMs?: number,
  ) => until(() => entries(type).findLast(fits), `${type} in ${id}`, limitMs)
  const request = async (): Promise<Request> =>
    until(() => {
      const found = open()
      return found !== undefined && at('ana', found).button(/^Approve/) !== undefined ? found : undefined
    }, `a request of ${id} that can be decided`)
  const approve = async (by = 'bao'): Promise<void> => {
    const { id: asked } = await request()
    await at(by).press(/^Approve/)
    await happens('StepApproved', ({ event }) => event.request === asked)
  }
  const ask = async (n: number, by = 'ana'): Promise<Request> => {
    const before = state().requests.size
    await as(by).pressWhenThere(new RegExp(`^(Ask for|Try) step ${n}( again)?$`))
    await until(() => (state().requests.size > before ? true : undefined), `a request for step ${n} of ${id}`)
    return request()
  }
  const untilProven = async (n: number, limitMs?: number): Promise<void> => {
    const { id: wanted } = stepAt(n)
    await happens('StepDone', ({ event }) => event.step === wanted && event.proven, limitMs)
  }
  return {
    id,
    username: state().target.username,
    as,
    at,
    state,
    step,
    entries,
    happens,
    request,
    ask,
    approve,
    untilProven,
    async run(n) {
      await ask(n)
      await approve()
      await untilProven(n)
    },
    async skipRest(reason = 'The account is a test account') {
      const left = nextStep(state())
      const n = state().playbook.steps.findIndex((one) => one.id === left?.id) + 1
      // The card may still show the step before.
      await as('ana').pressWhenThere(`Skip step ${n}…`)
      await as('ana').fillIn('Skip', { 'What to skip': 'skip-rest', Why: reason })
      await approve()
      await until(() => (nextStep(state()) === undefined ? true : undefined), `the steps of ${id} to be settled`)
    },
    async untilSwept() {
      await until(() => (['clean', 'found'].includes(state().sweep.status) ? true : undefined), `the sweep of ${id}`)
    },
    async close(words = 'Done', by = 'ana') {
      await as(by).pressWhenThere(/^Close…$/)
      const sent = await as(by).fillIn(`Close ${id}`, { 'Closing words': words })
      if (!sent.ok || sent.now !== 'closed') throw new Error(`${id} was not closed: ${JSON.stringify(sent)}`)
    },
    card() {
      const root = state().thread?.ts
      const found = stage.slack
        .as('ana')
        .sees()
        .find(({ ts }) => ts === root)
      if (found === undefined) throw new Error(`${id} has no card`)
      return found
    },
    thread: () =>
      stage.slack
        .as('ana')
        .sees()
        .filter((message) => !message.ephemeral && isHere(message)),
  }
}

/** The ledger of the program on this stage, for reading while the program runs. */
export function ledgerOf(stage: Stage): LedgerReader & Disposable {
  return openLedgerReader({ file: join(dataDirOf(stage), 'ledger.sqlite') })
}

/** The entries of one type in one stream, in order. */
export function entriesOf<T extends EventType>(stage: Stage, stream: string, type: T): readonly Happened<T>[] {
  using ledger = ledgerOf(stage)
  return ledger
    .stream(stream)
    .map(recordedOf)
    .filter((one): one is Happened<T> => one.event.type === type)
}

/** Where the program on this stage keeps everything. */
export function dataDirOf({ env }: Stage): string {
  return env['DATA_DIR'] ?? ''
}

/** Everybody reloads their Slack client: private messages and forms of the story before are gone. */
export function reloadEverybody({ slack }: Stage): void {
  for (const { id } of slack.state().users) slack.control.reload(id)
}

/** Expects that somebody is told this in private, and gives all the words of it. */
export async function expectTold(person: Member, words: string | RegExp): Promise<string> {
  const said = wordsOf(await person.toldAlone(words))
  expect(said).toMatch(words)
  return said
}

/** Expects that a form stays open with this sentence under one of its fields. */
export function expectFault(sent: Submitted, field: string, words: string | RegExp): void {
  expect(sent).toMatchObject({ now: 'errors' })
  expect(sent.ok && sent.now === 'errors' ? sent.errors[field] : undefined).toMatch(words)
}

/** What the program logged as an error or worse, line by line. */
export function complaintsOf({ lines }: Program): readonly string[] {
  return lines.filter((line) => /"level":"(error|fatal)"/.test(line))
}

/** Runs `responder` on the command line against this stage. */
export async function responder(
  { env }: Stage,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const main = join(import.meta.dirname, '../../src/main.ts')
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...inherited(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: child.exitCode ?? -1, out, err }
}
