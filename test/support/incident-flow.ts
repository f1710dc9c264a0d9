import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { fold, recordedOf } from '#/deciders/incidents.ts'
import { looking, type Member, member, until, wordsOf } from '#/drill/crew.ts'
import { inherited, type Program, startProgram } from '#/drill/program.ts'
import type { Seen, Submitted } from '#/drill/slack/acts/seen.ts'
import { type Json, text } from '#/drill/slack/json.ts'
import { type Stage, type StageOptions, setStage, type Tempo } from '#/drill/stage.ts'
import type { EventType, IncidentEvent, IncidentId, Recorded } from '#/incident/events.ts'
import {
  type IncidentStep,
  nextStep,
  type OpenedIncident,
  openRequests,
  type Request,
  type StepState,
  stepState,
  stepsOf,
} from '#/incident/state.ts'
import { type LedgerReader, openLedgerReader } from '#/ledger/reader.ts'

/** The drill's rules with the shortest waits that still are waits. */
export const quickTempo: Tempo = { requestTtl: '10m', sweepDelay: '500ms', pendingLoginTtl: '500ms' }

/** A stage on which messages come at once and nothing is waited for longer than has to be. */
export async function quickStage(options: StageOptions = {}): Promise<Stage> {
  return setStage({ tempo: quickTempo, ...options, slack: { rateLimit: false, ...options.slack } })
}

/** Where a file plays its stories. Nothing is here before the first of its tests. */
export type Here = {
  readonly stage: Stage
  /** Whoever stops it puts the one that was started next in its place. */
  program: Program
}

/**
 * The whole program on a quick stage, for all tests of the file that calls this: started before the first, stopped in order after the last.
 * Before each, everybody reloads their Slack client.
 */
export function programForAll(options: StageOptions = {}): Here {
  const here = {} as { stage: Stage; program: Program }
  beforeAll(async () => {
    here.stage = await quickStage(options)
    here.program = await startProgram(here.stage.env)
  })
  afterAll(async () => {
    await here.program.stop()
    await here.stage[Symbol.asyncDispose]()
  })
  beforeEach(() => reloadEverybody(here.stage))
  return here
}

/** An entry of one type, as the ledger has it. */
export type Happened<T extends EventType> = Recorded & { readonly event: Extract<IncidentEvent, { type: T }> }

/** What is filled into a form, by the labels of its fields. */
export type Answers = Readonly<Record<string, Json>>

/** One incident: what people do in its thread, and what the ledger says of it. */
export type Case = {
  readonly id: IncidentId
  /** The account it is about; of Autentico as a whole, that. */
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
  /** The same where a form comes first. */
  readonly askWith: (n: number, answers: Answers) => Promise<Request>
  /** ana begins the n-th step, which only reads, filling in its form where it has one. Waits for its end, whatever it came upon. */
  readonly begin: (n: number, answers?: Answers) => Promise<Happened<'StepDone' | 'StepFailed'>>
  /** ana has what the n-th step looked at looked at once more, and its end is there. For a step without a form. */
  readonly lookAgain: (n: number) => Promise<Happened<'StepDone' | 'StepFailed'>>
  /** ana says how a question is decided, and the request is there. */
  readonly decide: (n: number, answers: Answers) => Promise<Request>
  /** ana says that she did the n-th step by hand, and the request is there. */
  readonly attest: (n: number, words: string) => Promise<Request>
  /** What a review came upon, the newest that is called so. */
  readonly finding: (title: string | RegExp) => IncidentStep
  /** Presses the button of a finding that says this, ana unless said otherwise, and waits for the request to be shown. */
  readonly deal: (title: string | RegExp, way: string, by?: string) => Promise<Request>
  /** ana says why a finding is as it should be, and the request is there. */
  readonly speakFor: (title: string | RegExp, why: string) => Promise<Request>
  /** ana says that she put a finding right herself, and the request is there. */
  readonly didByHand: (title: string | RegExp, words: string) => Promise<Request>
  /** Dealt with that way, approved and proven. */
  readonly settle: (title: string | RegExp, way: string) => Promise<void>
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
  readonly untilContained: () => Promise<void>
  readonly close: (words?: string, by?: string) => Promise<void>
  readonly card: () => Seen
  /** The messages of the thread, the card first. */
  readonly thread: () => readonly Seen[]
  /** All the words of the thread as they are now. */
  readonly words: () => string
  /** Waits for a file in the thread with this in its name, and reads it. */
  readonly file: (name: string) => Promise<string>
}

/** Opens an incident by the form and waits until its thread is there and the account has been read. */
export async function openFor(
  stage: Stage,
  target: string,
  { by = 'ana', summary = 'Login from two countries' }: { readonly by?: string; readonly summary?: string } = {},
): Promise<Case> {
  return opened(stage, by, { target, summary })
}

/** Opens an incident under another playbook, and waits likewise. */
export async function openUnder(
  stage: Stage,
  playbook: string,
  {
    by = 'ana',
    summary = 'A secret was found in a public repository',
    ...what
  }: {
    readonly by?: string
    readonly summary?: string
    readonly target?: string
    readonly fields?: Answers
  } = {},
): Promise<Case> {
  return opened(stage, by, { playbook, summary, ...what })
}

async function opened(stage: Stage, by: string, what: Parameters<Member['openIncident']>[0]): Promise<Case> {
  const id = openedId(await member(stage.slack.as(by)).openIncident(what))
  await stage.slack.as(by).close()
  return startedCase(stage, id)
}

/** The number of the incident that a form has opened. */
export function openedId(submitted: Submitted): IncidentId {
  const title = submitted.ok && submitted.now === 'updated' ? submitted.form.title : undefined
  const [id] = title?.match(/^INC-\d+/) ?? []
  if (id === undefined) throw new Error(`no incident was opened: ${JSON.stringify(submitted)}`)
  return id as IncidentId
}

/** An incident that was opened just now, once its thread is there and Autentico has been read. */
export async function startedCase(stage: Stage, id: IncidentId): Promise<Case> {
  const started = caseOf(stage, id)
  await until(() => {
    const { thread, facts, instance } = started.state()
    return thread === undefined || (facts ?? instance) === undefined ? undefined : true
  }, `the thread and the snapshot of ${id}`)
  return started
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
  /** What somebody does, until the request that comes of it is there. */
  const asking = async (what: string, act: () => Promise<unknown>): Promise<Request> => {
    const before = state().requests.size
    const answer = await act()
    await until(
      () => (state().requests.size > before ? true : undefined),
      `a request ${what} of ${id} after ${JSON.stringify(answer)}`,
    )
    return request()
  }
  const ask = async (n: number, by = 'ana'): Promise<Request> =>
    asking(`for step ${n}`, async () => as(by).pressWhenThere(new RegExp(`^(Ask for|Try) step ${n}( again)?$`)))
  /** A press, and the form that it opens. */
  const byForm = async (press: string | RegExp, form: RegExp, answers: Answers): Promise<Submitted> => {
    await as('ana').pressWhenThere(press)
    return as('ana').fillIn(form, answers)
  }
  const finding = (called: string | RegExp): IncidentStep => {
    const found = stepsOf(state()).findLast(
      ({ found: isFound, title }) => isFound !== undefined && new RegExp(called).test(title),
    )
    if (found === undefined) throw new Error(`${id} has come upon nothing that is called ${String(called)}`)
    return found
  }
  /** What is read out for a button of a finding: all of them look alike. */
  const aloud = ({ id: step, found }: IncidentStep, way: string): string => {
    const review = state().playbook.steps.findIndex((one) => one.id === found?.by) + 1
    return `${way}: ${review}.${step.slice(step.lastIndexOf('-') + 1)} `
  }
  const attesting = async (press: string | RegExp, words: string): Promise<Request> =>
    asking(`to record ${String(press)}`, async () =>
      byForm(press, /^Done by hand$/, { 'What was done, and how you know': words }),
    )
  const deal = async (called: string | RegExp, way: string, by = 'ana'): Promise<Request> => {
    const one = finding(called)
    return asking(`about ${one.title}`, async () => as(by).pressWhenThere(aloud(one, way)))
  }
  const untilProven = async (n: number, limitMs = 60_000): Promise<void> => {
    const { id: wanted } = stepAt(n)
    await happens('StepDone', ({ event }) => event.step === wanted && event.proven, limitMs)
  }
  /** The next end of a step, whatever came of it. */
  const ending = async (wanted: string, after: number): Promise<Happened<'StepDone' | 'StepFailed'>> =>
    until(
      () =>
        [...entries('StepDone'), ...entries('StepFailed')].find(
          ({ event, seq }) => event.step === wanted && seq > after,
        ),
      `${wanted} of ${id} to end`,
    )
  const thread = (): readonly Seen[] =>
    stage.slack
      .as('ana')
      .sees()
      .filter((message) => !message.ephemeral && isHere(message))
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
    askWith: async (n, answers) =>
      asking(`for step ${n}`, async () =>
        byForm(new RegExp(`^(Ask for|Try) step ${n}( again)?…$`), new RegExp(`^Ask for step ${n}$`), answers),
      ),
    async begin(n, answers) {
      const { lastSeq } = state()
      if (answers === undefined) await as('ana').pressWhenThere(new RegExp(`^(Begin|Try) step ${n}( again)?$`))
      else await byForm(new RegExp(`^(Begin|Try) step ${n}( again)?…$`), new RegExp(`^Begin step ${n}$`), answers)
      return ending(stepAt(n).id, lastSeq)
    },
    async lookAgain(n) {
      const { lastSeq } = state()
      const one = `Look again at step ${n}`
      const which = await until(
        () => [one, 'Look again…'].find((words) => as('ana').button(words) !== undefined),
        `a way to look again at step ${n} of ${id}`,
      )
      await as('ana').press(which)
      // Where several can be looked at again, a form asks which.
      if (which !== one) await as('ana').fillIn('Look again', { 'At what': `Step ${n} · ${stepAt(n).title}` })
      return ending(stepAt(n).id, lastSeq)
    },
    decide: async (n, answers) =>
      asking(`to decide step ${n}`, async () =>
        byForm(new RegExp(`^Decide step ${n}…$`), new RegExp(`^Decide step ${n}$`), answers),
      ),
    attest: async (n, words) => attesting(new RegExp(`^I did step ${n}( by hand)?…$`), words),
    didByHand: async (called, words) => attesting(aloud(finding(called), 'I did it by hand…'), words),
    finding,
    deal,
    speakFor: async (called, why) => {
      const one = finding(called)
      return asking(`about ${one.title}`, async () =>
        byForm(aloud(one, 'Expected…'), /^Expected$/, { 'Why it is expected, and how you know': why }),
      )
    },
    async settle(called, way) {
      const { id: found } = finding(called)
      await deal(called, way)
      const { lastSeq } = state()
      await approve()
      const { event } = await ending(found, lastSeq)
      if (event.type !== 'StepDone' || !event.proven)
        throw new Error(`${found} was not proven: ${JSON.stringify(event)}`)
    },
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
    async untilContained() {
      await happens('IncidentContained')
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
    thread,
    words: () => thread().map(wordsOf).join('\n'),
    async file(name) {
      const found = await until(
        () =>
          thread()
            .flatMap(({ files }) => files)
            .find((one) => text(one['name']).includes(name)),
        `a file called ${name} in the thread of ${id}`,
      )
      return stage.slack.as('ana').download(text(found['id'])).bytes.toString('utf8')
    },
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
  const [out, err] = await Promise.all([textOf(child.stdout), textOf(child.stderr), once(child, 'close')])
  return { code: child.exitCode ?? -1, out, err }
}
