import SQLite from 'better-sqlite3'
import { expect } from 'vitest'
import { cast } from '#/drill/cast.ts'
import { until } from '#/drill/crew.ts'
import { faultsInBlocks } from '#/drill/slack/blocks.ts'
import type { Json } from '#/drill/slack/json.ts'
import { openRequests } from '#/incident/state.ts'
import { timelineLine } from '#/incident/timeline.ts'
import { homeView } from '#/slack/cards/home.ts'
import { incidentCard } from '#/slack/cards/incident-card.ts'
import { incidentList, statusMessage } from '#/slack/cards/lists.ts'
import { requestMessage } from '#/slack/cards/request-message.ts'
import { summaryMessage } from '#/slack/cards/summary-message.ts'
import { timelineMessage } from '#/slack/cards/timeline-message.ts'
import { limits } from '#/slack/limits.ts'
import { signIn } from '../../flows/machine/machine.ts'
import { play } from '../../support/given.ts'
import { responder } from '../../support/incident-flow.ts'
import {
  type Act,
  alice,
  approves,
  asks,
  closes,
  denies,
  effect,
  facts,
  opens,
  person,
  reports,
  standing,
  steps,
  stops,
} from '../../support/stories.ts'
import { fault } from '../harness/fault.ts'
import { formattedTexts, injections, liveMarkup } from './markup.ts'

const mark = 'k7mark'

/** Stories in which this text stands in one field each, wherever somebody outside the program can put one. */
function storiesWith(text: string): Readonly<Record<string, readonly Act[]>> {
  const read = reports('snapshot', { kind: 'snapshot', facts: facts(), evidence: [], warnings: [] })
  const begun: readonly Act[] = [opens(), { type: 'StartThread', channel: 'C0INCIDENTS', ts: '1.2' }, read]
  const asked = asks(steps.sessions)
  const shown = reports('prepare', { kind: 'prepared', effect: effect() })
  const by = standing('ana', { person: { ...person('ana'), name: text } })
  const account = { ...alice, username: text, email: text }
  const note = (value: string): Act => ({ type: 'AddNote', by: standing('ana'), text: value })
  const told = (change: object): Act => ({
    type: 'RecordNotification',
    by: standing('chi'),
    channel: 'phone',
    identityCheck: 'number',
    note: '',
    ...change,
  })
  return {
    summary: [opens({ summary: text.slice(0, 3_000) })],
    'username and e-mail': [opens({ target: account }), read, asked],
    'name of a person': [opens({ by }), read, { ...asked, by }, shown],
    'reason of a denial': [...begun, asked, shown, denies(standing('bao'), fit(text))],
    note: [...begun, note(fit(text))],
    'link of a note': [...begun, { type: 'AddNote', by: standing('ana'), text: 'seen', link: text.slice(0, 500) }],
    'how somebody was told': [...begun, told({ channel: fit(text) })],
    'how identity was checked': [...begun, told({ identityCheck: fit(text), note: fit(text) })],
    'reason of a skip': [...begun, { ...asked, kind: 'skip', reason: fit(text) }, approves()],
    'closing words': [
      ...begun,
      { ...asked, kind: 'skip-rest', reason: 'x' },
      approves(),
      closes(standing('bao'), fit(text)),
    ],
    'reason of a stop': [...begun, stops('chi', { reason: fit(text) })],
    'what Autentico answered': [
      ...begun,
      asked,
      reports('prepare', { kind: 'failed', sentence: `Autentico refused (403, ${text}).`, retry: true }),
    ],
    'effect of a worker': [
      ...begun,
      asked,
      reports('prepare', {
        kind: 'prepared',
        effect: { ...effect(`revoke 3 sessions of ${text}.`), warnings: [`Access tokens of ${text} are believed.`] },
      }),
    ],
  }
}

/** Longer texts are refused, and empty ones too; both are looked at elsewhere. */
function fit(text: string): string {
  return `w ${text}`.slice(0, 3_000)
}

function surfacesOf(acts: readonly Act[]): readonly object[] {
  const { incident, recorded, now } = play(...acts)
  const lines = recorded.map((one) => timelineLine(one, incident))
  const where = { now, threadLink: () => undefined }
  return [
    incidentCard(incident, { now }),
    timelineMessage(lines).message,
    ...lines.map((line) => timelineMessage([line]).message),
    ...[...incident.requests.values()].map((request) => requestMessage(incident, request)),
    statusMessage(incident, where),
    incidentList([incident], where),
    homeView({
      ...where,
      viewer: person('bao'),
      waiting: openRequests(incident).map((request) => ({ incident, request, link: undefined })),
      open: [incident],
      recent: [],
      drill: false,
      status: [],
    }),
    ...(incident.status === 'closed' ? [summaryMessage(incident)] : []),
  ]
}

/** What is wrong with a surface: markup that got through, and what Slack would not take. */
function wrongWith(surface: object): readonly string[] {
  const { blocks, text } = surface as { readonly blocks: Json; readonly text?: string }
  const tooLong = text !== undefined && text.length > limits.messageText ? [`a text of ${text.length} characters`] : []
  return [
    ...formattedTexts(surface).flatMap((one) => liveMarkup(one, mark)),
    ...tooLong,
    ...faultsInBlocks(blocks, text === undefined ? 'view' : 'message'),
  ]
}

fault({
  id: 'F34',
  title:
    'a hundred texts full of markup in each field that somebody outside can fill: all stand as they are, and Slack takes them',
  ci: 1,
  nightly: 8,
  async run({ struck, succeeds, asked, proves }) {
    // The look-out itself has to see what it looks for.
    expect(liveMarkup(`*${mark}* <!channel> <http://evil.test|x>`, mark)).toHaveLength(3)
    // What is no text at all cannot be written into the ledger; what the program makes of it is shown below.
    for (const text of injections(mark))
      for (const [field, acts] of Object.entries(storiesWith(text.toWellFormed())))
        await succeeds(() => {
          const faults = surfacesOf(acts).flatMap(wrongWith)
          expect(faults, `${JSON.stringify(text.slice(0, 60))} as ${field}`).toEqual([])
        })
    struck()
    const incident = await asked()
    await incident.approve()
    await proves(incident)
  },
})

fault({
  id: 'F34',
  title: 'the same through the program: what Slack shows, and what is exported',
  ci: 1,
  nightly: 60,
  async run({ world, random, struck, adopt, open, succeeds, proves }) {
    const { stage } = world
    const texts = random.shuffled(injections(mark).filter((text) => text.length < 2_900))
    const [summary = '', denial = '', name = '', email = '', ...notes] = texts
    const username = world.nextAccount()
    await signIn(stage, username)
    const db = new SQLite(stage.autentico.databaseFile)
    db.prepare('UPDATE users SET email = ? WHERE username = ?').run(`${random.fraction()}${email}`, username)
    db.close()
    stage.slack.control.changeUser(cast.ana.user, { name: name.slice(0, 80) })
    const incident = await open(username)
    adopt(incident)
    await incident.ask(1)
    await incident.at('bao').press('Deny…')
    await incident.as('bao').fillIn('Deny', { 'Why not': `w ${denial}` })
    await incident.happens('StepDenied')
    for (const text of [summary, ...notes.slice(0, 12)]) {
      const before = incident.entries('NoteAdded').length
      await incident.as('chi').press('Add note…')
      await incident.as('chi').fillIn('Add to the timeline', { Note: `w ${text}` })
      await until(() => (incident.entries('NoteAdded').length > before ? true : undefined), 'the note')
    }
    struck()
    await incident.ask(1)
    await incident.approve()
    await proves(incident)
    const newest = incident.state().lastSeq
    await until(
      () => (incident.thread().some(({ text }) => text.includes(`#${newest}`)) ? true : undefined),
      'the last line',
    )
    await succeeds(() => {
      for (const message of incident.thread())
        expect(
          formattedTexts(message).flatMap((one) => liveMarkup(one, mark)),
          `${message.text.slice(0, 200)}`,
        ).toEqual([])
    })
    const markdown = await responder(stage, 'export', incident.id)
    await succeeds(() => {
      expect(markdown.code).toBe(0)
      expect(markdown.out).not.toMatch(/(?<!\\)<script|(?<!\\)\]\(http:\/\/evil|^✅|^#99/m)
    })
    const jsonl = await responder(stage, 'export', incident.id, '--format', 'jsonl')
    await succeeds(() => {
      for (const line of jsonl.out.trim().split('\n')) expect(typeof JSON.parse(line)).toBe('object')
    })
  },
})
