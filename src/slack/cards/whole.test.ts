import fc from 'fast-check'
import { expect, test } from 'vitest'
import { instanceTarget } from '#/incident/account.ts'
import type { IncidentEvent, IncidentId } from '#/incident/events.ts'
import { evolve } from '#/incident/evolve.ts'
import type { Finding } from '#/incident/findings.ts'
import type { Actor, Person, UserId } from '#/incident/people.ts'
import { findStep, type Incident, type IncidentStep, type OpenedIncident, unopened } from '#/incident/state.ts'
import { timelineLine } from '#/incident/timeline.ts'
import type { OrderId, RequestId } from '#/incident/work.ts'
import { inputTypes } from '#/playbook/inputs.ts'
import type { ActionName, Playbook, PlaybookStep, StepId } from '#/playbook/playbook.ts'
import { limits } from '../limits.ts'
import type { Message } from './blocks.ts'
import { approvalForm, closeForm, denyForm } from './forms.ts'
import { homeView } from './home.ts'
import { incidentCard } from './incident-card.ts'
import { inputsForm } from './inputs-form.ts'
import { awarenessForm } from './legal-clock.ts'
import { incidentList, statusMessage } from './lists.ts'
import { openingForm } from './opening-form.ts'
import { requestMessage } from './request-message.ts'
import { attestForm, decisionForm, expectForm, lookAgainForm, skipForm } from './step-forms.ts'
import { howFar } from './step-words.ts'
import { summaryMessage } from './summary-message.ts'
import { expectHarmless, hostile, marked } from './test-harmless.ts'
import { timelineForm, timelineMessage } from './timeline-message.ts'

const id = 'INC-7' as IncidentId
const now = '2026-11-23T03:18:00.000Z'
const person = (name: string, user: string): Person => ({ slack: { team: 'T0ACME', user: user as UserId }, name })
const stepId = (name: string) => name as StepId
const finding = (number: number) => stepId(`review-${number}`)

/** Thirty steps, of every sort; each word of somebody else is `words`. */
function playbookOf(words: string): Playbook {
  const head = (name: string) => ({ id: stepId(name), title: words, document: words, does: words })
  const choices = [
    { id: 'one', label: words },
    ...Array.from({ length: 9 }, (_, at) => ({ id: `c${at}`, label: words })),
  ]
  const inputs = inputTypes.map((type) => ({
    id: type,
    label: words,
    hint: words,
    type,
    ...(type === 'choice' ? { choices, initial: 'one' } : { initial: words }),
  }))
  const filler = (name: string): PlaybookStep => ({
    ...head(name),
    kind: 'containment',
    action: 'rotate-admin-token',
    fallbacks: ['suspend', 'attest'],
  })
  return {
    id: 'whole',
    title: words,
    shortTitle: words,
    section: words,
    target: 'instance',
    snapshot: 'snapshot-instance',
    sweep: 'sweep',
    legalClock: true,
    followUps: ['whole'],
    steps: [
      ...Array.from({ length: 12 }, (_, at) => filler(`stuck-${at}`)),
      { ...head('fill'), kind: 'containment', action: 'revoke-everybody', inputs },
      { ...head('review'), kind: 'containment', action: 'review-admins', inputs },
      {
        ...head('which'),
        kind: 'record',
        question: {
          ask: words,
          answers: Array.from({ length: 10 }, (_, at) => ({ id: `a${at}`, label: words, steps: [stepId('rest-0')] })),
        },
      },
      { ...head('by-hand'), kind: 'record', manual: { instructions: `${words}\n    ${words}\n${words}` } },
      ...Array.from({ length: 14 }, (_, at) => filler(`rest-${at}`)),
    ],
  }
}

const ways: readonly ActionName[] = ['demote-admin', 'suspend-account', 'revoke-sessions']

function findingOf(words: string, number: number): Finding {
  return {
    key: `admin:${number}`,
    kind: 'admin',
    subject: { id: `cv3k${number}`, name: words, email: words },
    title: words,
    says: words,
    flags: [words, words],
    ways,
    byHand: true,
  }
}

/** As much of a whole incident as `upTo` says, with `count` findings. */
function story(
  words: string,
  { upTo = Number.POSITIVE_INFINITY, count = 60 }: { readonly upTo?: number; readonly count?: number } = {},
) {
  const ana = person(words, 'U0ANA')
  const bao = person(words, 'U0BAO')
  const worker = { worker: words }
  const inputs = Object.fromEntries(inputTypes.map((type) => [type, words]))
  const effect = { sentence: words, question: words, verb: words, warnings: [words], basis: {}, confirmByTyping: words }
  const did = { did: [words], checks: [], evidence: [], requestIds: [], notes: [words] }
  let seq = 0
  let requests = 0
  const events: (readonly [Actor, IncidentEvent])[] = []
  const happens = (actor: Actor, event: IncidentEvent): number => {
    events.push([actor, event])
    seq += 1
    return seq
  }
  const asks = (step: StepId, change: Partial<Extract<IncidentEvent, { type: 'StepRequested' }>> = {}): RequestId => {
    requests += 1
    const request = `r${requests}` as RequestId
    happens(ana, { type: 'StepRequested', request, step, kind: 'run', requester: ana, identity: {}, ...change })
    happens(worker, {
      type: 'RequestShown',
      request,
      step,
      effect,
      expiresAt: '2026-11-23T03:48:00.000Z',
      digest: 'a'.repeat(64),
      code: '7QF-2K',
    })
    return request
  }
  const approved = (step: StepId, request: RequestId): RequestId => {
    happens(bao, { type: 'StepApproved', request, step, digest: '' })
    return request
  }
  const ordered = (step: StepId, action: ActionName, request?: RequestId): OrderId => {
    const by = request === undefined ? {} : { request }
    const at = happens(ana, {
      type: 'WorkOrdered',
      mode: 'run',
      action,
      step,
      ...by,
      ...(request === undefined ? { inputs } : {}),
    })
    return `INC-7-${at}` as OrderId
  }
  const fails = (step: StepId, action: ActionName, request?: RequestId): void => {
    const order = ordered(step, action, request)
    happens(worker, { type: 'StepFailed', order, step, sentence: words, retry: true })
  }

  happens(ana, {
    type: 'IncidentOpened',
    playbook: playbookOf(words),
    playbookDigest: '',
    severity: 'sev2',
    summary: words,
    target: instanceTarget,
    channel: 'C0INCIDENTS',
    drill: true,
    from: 'INC-6' as IncidentId,
    legalClock: { awareAt: '2026-11-23T03:12:00.000Z', endsAt: '2026-11-26T03:12:00.000Z' },
  })
  happens(ana, { type: 'WorkOrdered', mode: 'run', action: 'snapshot-instance' })
  happens(worker, { type: 'ReadingFailed', order: 'INC-7-2' as OrderId, sentence: words, retry: true })
  happens(ana, {
    type: 'AwarenessCorrected',
    legalClock: { awareAt: now, endsAt: '2026-11-26T03:18:00.000Z' },
    note: words,
  })
  happens(ana, { type: 'WorkOrdered', mode: 'run', action: 'snapshot-instance' })
  happens(worker, {
    type: 'SnapshotTaken',
    order: 'INC-7-5' as OrderId,
    instance: {
      readAt: now,
      users: 10_000,
      admins: 3,
      clients: 3,
      providers: 1,
      mfaRequired: false,
      auditing: { on: 'unknown', sentence: words },
      database: true,
      environment: true,
      proxy: words,
      keyId: words,
      keyFingerprint: words,
      accessTokensEndAt: '2026-11-23T03:29:00.000Z',
    },
    evidence: [],
    warnings: [words],
  })
  for (let at = 0; at < 12; at += 1) {
    const step = stepId(`stuck-${at}`)
    const order = ordered(step, 'rotate-admin-token')
    const open = [{ name: words, proven: 'unknown', detail: words, action: 'rotate-admin-token' } as const]
    happens(worker, {
      type: 'StepDone',
      order,
      step,
      action: 'rotate-admin-token',
      proven: false,
      ...did,
      checks: open,
    })
  }
  const fill = stepId('fill')
  const filled = ordered(fill, 'revoke-everybody', approved(fill, asks(fill, { action: 'revoke-everybody', inputs })))
  happens(worker, { type: 'WorkStarted', order: filled, attempt: 2 })
  happens(worker, { type: 'WorkProgressed', order: filled, done: 6_120, total: 10_000, failed: 12, secondsLeft: 41 })
  happens(worker, { type: 'StepDone', order: filled, step: fill, action: 'revoke-everybody', proven: true, ...did })
  const review = stepId('review')
  const looked = ordered(review, 'review-admins')
  const findings = Array.from({ length: count }, (_, at) => findingOf(words, at))
  happens(worker, {
    type: 'StepDone',
    order: looked,
    step: review,
    action: 'review-admins',
    proven: true,
    ...did,
    findings,
  })
  if (count > 0) {
    const spoken = asks(finding(1), { kind: 'expect', reason: words })
    approved(finding(1), spoken)
    happens(bao, { type: 'FindingExpected', step: finding(1), request: spoken, finding: 'admin:0', note: words })
    fails(finding(2), 'demote-admin', approved(finding(2), asks(finding(2), { action: 'demote-admin' })))
    const again = ordered(
      finding(3),
      'demote-admin',
      approved(finding(3), asks(finding(3), { action: 'demote-admin' })),
    )
    happens(worker, { type: 'StepDone', order: again, step: finding(3), action: 'demote-admin', proven: false, ...did })
    asks(finding(4), { action: 'suspend-account' })
    const all = asks(finding(5), { kind: 'skip-rest', reason: words })
    for (let number = 2; number <= count; number += 1)
      happens(bao, { type: 'StepSkipped', step: finding(number), request: all, reason: words })
  }
  const which = stepId('which')
  const answer = approved(which, asks(which, { kind: 'answer', answer: 'a1', reason: words }))
  happens(bao, {
    type: 'QuestionAnswered',
    step: which,
    request: answer,
    answer: 'a1',
    label: words,
    note: words,
    leftOut: [stepId('rest-1')],
  })
  const byHand = stepId('by-hand')
  const attested = approved(byHand, asks(byHand, { kind: 'attest', reason: words }))
  happens(bao, { type: 'StepAttested', step: byHand, request: attested, note: words })
  happens({ program: 'autentico' }, { type: 'LegalClockReminded', reminder: 1, endsAt: '2026-11-26T03:18:00.000Z' })
  for (let number = 8; number < 18; number += 1)
    happens(
      { program: 'autentico' },
      { type: 'IncidentLinked', to: `INC-${number}` as IncidentId, playbook: words, by: ana },
    )
  happens(ana, { type: 'IncidentClosed', reason: words })

  const recorded = events.slice(0, upTo).map(([actor, event], index) => ({
    seq: index + 1,
    incident: id,
    at: now,
    actor,
    hash: '9f2c41'.repeat(10),
    event,
  }))
  const incident = recorded.reduce<Incident>(evolve, unopened)
  if (incident.status === 'unopened') throw new Error('the story opens no incident')
  return { incident, recorded, length: events.length }
}

/** Where the review has ended. */
const found = 39

const reference = { of: 'incident', incident: id } as const

function everything({ incident, recorded }: ReturnType<typeof story>, words: string): readonly object[] {
  const where = { now, threadLink: () => 'https://acme.slack.com/archives/C0INCIDENTS/p1700000000000100' }
  const requests = [...incident.requests.values()]
  const lines = recorded.map((one) => timelineLine(one, incident))
  const each = (steps: readonly StepId[], form: (incident: OpenedIncident, step: IncidentStep) => object | undefined) =>
    steps.flatMap((one) => {
      const step = findStep(incident, one)
      const shown = step === undefined ? undefined : form(incident, step)
      return shown === undefined ? [] : [shown]
    })
  const steps = ['fill', 'review', 'which', 'by-hand', 'review-1', 'review-2'].map(stepId)
  return [
    incidentCard(incident, { now, requestLink: where.threadLink() }),
    statusMessage(incident, where),
    summaryMessage(incident),
    incidentList([incident], where),
    homeView({
      ...where,
      viewer: person('chi', 'U0CHI'),
      waiting: requests.map((request) => ({ incident, request, link: where.threadLink() })),
      open: [incident],
      recent: [incident],
      drill: true,
      status: [words],
    }),
    openingForm({ playbooks: [incident.playbook], from: incident }, { target: { text: words, value: 't|x' } }, []),
    ...requests.flatMap((request) => [
      requestMessage(incident, request),
      denyForm(incident, request, reference),
      approvalForm(incident, request, reference),
    ]),
    ...each(steps, (on, step) => inputsForm(on, step, reference)),
    ...each(steps, (on, step) => attestForm(on, step, reference)),
    ...each(steps, (on, step) => skipForm(on, step, reference)),
    ...each([finding(1), finding(2)], (on, step) => expectForm(on, step, reference)),
    ...each([stepId('which')], (on, step) => decisionForm(on, step, reference)),
    ...each([stepId('review')], (on) => lookAgainForm(on, reference)),
    awarenessForm(incident, reference),
    closeForm(incident, reference),
    timelineForm(incident, lines),
  ]
}

function expectAllHarmless(told: ReturnType<typeof story>, words: string): void {
  expectHarmless(everything(told, words))
  const lines = told.recorded.map((one) => timelineLine(one, told.incident))
  expectHarmless([timelineMessage(lines).message], limits.crowdedText)
  for (const line of lines.slice(-3)) expectHarmless([timelineMessage([line]).message])
}

/** Before the review, with its findings, in the middle of dealing with them, when all is decided, and at the end. */
const parts = [6, 24, 36, 48, 54, 999]

test.each(hostile)('%j neither calls, links nor breaks anything, with 60 findings and 30 steps', (words) => {
  for (const upTo of parts) expectAllHarmless(story(words, { upTo }), words)
})

test.each(hostile)('4,000 characters of %j stay within what Slack takes, with 60 findings and 30 steps', (words) => {
  const long = words.repeat(Math.ceil(4_000 / Math.max(1, words.length))).slice(0, 4_000)
  for (const upTo of [36, 54]) expectAllHarmless(story(long, { upTo }), long)
})

test('any words at all stay within what Slack takes and call nobody', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.integer({ min: 1, max: 80 }),
      fc.integer({ min: 5, max: 12 }),
      (words, upTo, count) => expectAllHarmless(story(words, { upTo, count }), words),
    ),
    { numRuns: 15 },
  )
})

type Pressable = { readonly words: string; readonly action: string; readonly label: string; readonly value: string }

/** The buttons of a card, and the lines of its menu. */
function pressables({ blocks }: Message): { readonly buttons: readonly Pressable[]; readonly menu: readonly string[] } {
  const elements = blocks.flatMap((block) => (block.type === 'actions' ? block.elements : []))
  return {
    buttons: elements.flatMap((one) =>
      one.type === 'button'
        ? [
            {
              words: one.text.text,
              action: one.action_id ?? '',
              label: one.accessibility_label ?? '',
              value: one.value ?? '',
            },
          ]
        : [],
    ),
    menu: elements.flatMap((one) => (one.type === 'overflow' ? one.options.map(({ text }) => text.text) : [])),
  }
}

test('a line with more to say than a message takes keeps the number and the hash that tie it to the ledger', () => {
  const { incident, recorded } = story('very long '.repeat(300))
  const review = recorded.find(({ event }) => event.type === 'StepDone' && (event.findings ?? []).length > 10)
  if (review === undefined) throw new Error('the story has no review that came upon much')
  const line = timelineLine(review, incident)
  const { text, blocks } = timelineMessage([line]).message
  for (const words of [text, JSON.stringify(blocks.at(-1))])
    expect(words).toMatch(new RegExp(`#${line.seq} · .* · ${line.hash.slice(0, 4)}…`))
})

test('with 60 findings eight have buttons, the others are counted, and what is next is still there', () => {
  const { incident } = story('alice', { upTo: found })
  const card = incidentCard(incident, { now })
  const { buttons, menu } = pressables(card)
  expect(buttons.filter(({ words }) => words === 'Expected…').map(({ label }) => label)).toEqual(
    Array.from({ length: 8 }, (_, at) => `Expected…: 14.${at + 1} alice`),
  )
  expect(marked(card).join('\n')).toContain('⋯ 14 and 36 more, 36 of them open')
  expect(buttons.map(({ words }) => words)).toContain('Add note…')
  expect(menu).toHaveLength(5)
  expect(marked(card).at(-1)).toContain('entry')
})

test('with the longest titles everywhere the card is whole', () => {
  const { incident } = story('&'.repeat(75), { upTo: found })
  const card = incidentCard(incident, { now })
  expect(card.blocks.length).toBeLessThan(limits.blocksPerMessage)
  expect(pressables(card).buttons.map(({ words }) => words)).toContain('Add note…')
  expect(marked(card).at(-1)).toContain('entry')
})

test('each way of a finding is a button of its own that names the finding and the way', () => {
  const { buttons } = pressables(incidentCard(story('alice', { upTo: found, count: 5 }).incident, { now }))
  expect(buttons.slice(0, 5)).toEqual([
    { words: 'Expected…', action: 'expect', label: 'Expected…: 14.1 alice', value: 'INC-7|s|review-1' },
    {
      words: 'Demote',
      action: 'way_demote-admin',
      label: 'Demote: 14.1 alice',
      value: 'INC-7|s|review-1|demote-admin',
    },
    {
      words: 'Suspend',
      action: 'way_suspend-account',
      label: 'Suspend: 14.1 alice',
      value: 'INC-7|s|review-1|suspend-account',
    },
    {
      words: 'Revoke sessions',
      action: 'way_revoke-sessions',
      label: 'Revoke sessions: 14.1 alice',
      value: 'INC-7|s|review-1|revoke-sessions',
    },
    { words: 'I did it by hand…', action: 'attest', label: 'I did it by hand…: 14.1 alice', value: 'INC-7|s|review-1' },
  ])
})

test('while the work is stopped no finding has a button', () => {
  const { incident } = story('alice', { upTo: found })
  const stop = { by: incident.commander, at: now, seq: 99, all: false }
  const { buttons } = pressables(incidentCard({ ...incident, stops: [stop] }, { now }))
  expect(buttons.map(({ words }) => words)).toEqual(['Ask to resume', 'Add note…'])
})

test('two kinds of request never look alike', () => {
  const { incident } = story('alice')
  const titles = [...incident.requests.values()].map((request) => requestMessage(incident, request).text.split('\n')[0])
  expect(titles.map((title) => title?.replace(/ {3}code.*/, ''))).toEqual([
    '🧪 DRILL · Step 13 · alice',
    '🧪 DRILL · ☑️ Finding 14.1 · Record alice as expected',
    '🧪 DRILL · 🔧 Finding 14.2 · Demote alice',
    '🧪 DRILL · 🔧 Finding 14.3 · Demote alice',
    '🧪 DRILL · 🔧 Finding 14.4 · Suspend alice',
    '🧪 DRILL · ⏭️ Finding 14.5 · Skip every step that is left',
    '🧪 DRILL · 🗳️ Step 15 · Decide “alice”',
    '🧪 DRILL · ✍️ Step 16 · Record “alice” as done by hand',
  ])
})

test('a request about a finding that a repeated review did not come upon again says so', () => {
  const { incident } = story('alice', { count: 5 })
  const request = incident.requests.get('r3' as RequestId)
  if (request === undefined) throw new Error('the story has no third request')
  const steps = new Map([...incident.steps].filter(([step]) => step !== finding(2)))
  const gone = { ...incident, status: 'open' as const, steps, found: new Map() }
  expect(requestMessage(gone, request).text).toMatch(/over:\* the review was repeated, and this was not found any more/)
})

test.each([
  [{ done: 6_120, total: 10_000, failed: 0, secondsLeft: 41 }, '[█████░░░] 6,120 / 10,000 · 41 s left'],
  [
    { done: 9_999, total: 10_000, failed: 1_204, secondsLeft: 0.2 },
    '[███████░] 9,999 / 10,000 · 1,204 did not work yet · 1 s left',
  ],
  [{ done: 10_000, total: 10_000, failed: 0 }, '[████████] 10,000 / 10,000'],
  [{ done: 0, total: 0, failed: 0 }, '[░░░░░░░░] 0 / 0'],
  [{ done: 12, total: 10, failed: 0, secondsLeft: 600 }, '[████████] 12 / 10 · 10 min left'],
  [{ done: 1, total: 1_000_000, failed: 0, secondsLeft: 90_000 }, '[░░░░░░░░] 1 / 1,000,000 · 25 h left'],
])('%j is shown as %s', (progress, words) => {
  expect(howFar(progress)).toBe(words)
})
