import { expect, test } from 'vitest'
import { incidentChannel, otherWorkspace } from '#/drill/cast.ts'
import { until } from '#/drill/crew.ts'
import type { Seen } from '#/drill/slack/acts/seen.ts'
import type { Case } from '../../support/incident-flow.ts'
import { playedOn } from '../people/scene.ts'

const scene = playedOn()
const slack = () => scene.stage().slack
const channel = incidentChannel.id

async function says(incident: Case, who: string, words: string): Promise<Seen> {
  const said = await slack().as(who).say(channel, words, incident.card().ts)
  await incident.happens('MessageWritten', ({ event }) => event.ts === said.ts)
  return said
}

const recorded = (incident: Case) => incident.entries('MessageWritten').map(({ actor, event }) => [actor, event.text])

test('42. what somebody wrote and edits, or deletes, stays on record as it was, and the thread says so', async () => {
  const incident = await scene.open()
  const said = await says(incident, 'gil', 'I reset it by hand at 3 <am> & told nobody')
  await slack().as('gil').edit(said, 'I was not here')
  const edited = await incident.happens('MessageEdited')
  expect(edited).toMatchObject({
    actor: { name: 'gil' },
    event: { before: 'I reset it by hand at 3 <am> & told nobody', after: 'I was not here', author: { name: 'gil' } },
  })
  await incident.as('bao').reads(/edited their message of [\d-]{10} [\d:]{8} UTC.*Before: “I reset it by hand/s)

  await slack().as('gil').remove(said)
  expect(await incident.happens('MessageDeleted')).toMatchObject({
    actor: { program: 'autentico' },
    event: { author: { name: 'gil' }, before: 'I was not here' },
  })
  await incident.as('bao').reads(/a message of @gil of .* UTC was deleted.*It said: “I was not here”/s)
})

test('42. what is edited, deleted and written while the bot is away is found when it is back, each once', async () => {
  const incident = await scene.open()
  const kept = await says(incident, 'ana', 'The first login was at 02:10.')
  const gone = await says(incident, 'chi', 'I think it was me.')
  await scene.program().kill()
  await slack().as('ana').edit(kept, 'The first login was at 03:10.')
  await slack().as('chi').remove(gone)
  await slack().as('bao').say(channel, 'Slack works, the bot does not.', incident.card().ts)
  await scene.restart('kill')
  expect((await incident.happens('MessageEdited')).event).toMatchObject({
    before: 'The first login was at 02:10.',
    after: 'The first login was at 03:10.',
    late: true,
  })
  expect((await incident.happens('MessageWritten', ({ event }) => event.late === true)).actor).toMatchObject({
    name: 'bao',
  })
  expect((await incident.happens('MessageDeleted')).event).toMatchObject({ before: 'I think it was me.', late: true })
  await scene.restart('stop')
  await incident.as('ana').reads(/Noticed when the thread was read again/)
  expect(incident.entries('MessageEdited')).toHaveLength(1)
  expect(incident.entries('MessageDeleted')).toHaveLength(1)
  expect(recorded(incident)).toHaveLength(3)
})

test('a line of the record that is deleted from the thread is missed, and so is the card', async () => {
  const incident = await scene.open()
  await incident.ask(1)
  await incident.approve()
  await incident.untilProven(1)
  const [ordered] = incident.entries('StepApproved')
  const line = await until(
    () => incident.thread().find(({ text }) => text.includes(`#${ordered?.seq} ·`)),
    'the line of the approval',
  )
  // What Slack does not show at once is not taken for deleted.
  slack().control.failNext('conversations.replies', { body: { ok: true, messages: [] } })
  slack().control.deleteMessage(channel, line.ts)
  const { event } = await incident.happens('PostsDeleted')
  expect(event.entries).toEqual([...line.text.matchAll(/ #(\d+) · /g)].map(([, seq]) => Number(seq)))
  await incident.as('chi').reads(/deleted from this thread: entr(y|ies) [\d to,and]*/)

  slack().control.deleteMessage(channel, incident.card().ts)
  expect((await incident.happens('PostsDeleted', (one) => one.event.card === true)).event.entries).toEqual([])
  await scene.restart('stop')
  await incident.ask(2)
  expect(incident.entries('PostsDeleted')).toHaveLength(2)
})

/** What whoever has stolen the token of the bot can do: a line says something else, and nothing shows that it was edited. */
async function forge(line: Seen, from: RegExp, to: string): Promise<void> {
  const { apiUrl, botToken } = slack()
  const answer = await fetch(`${apiUrl}chat.update`, {
    method: 'POST',
    headers: { authorization: `Bearer ${botToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      channel,
      ts: line.ts,
      text: line.text.replace(from, to),
      blocks: JSON.parse(JSON.stringify(line.blocks).replaceAll(new RegExp(from, 'g'), to)) as unknown,
    }),
  })
  expect(await answer.json()).toMatchObject({ ok: true })
}

async function lineOf(incident: Case, words: RegExp): Promise<Seen> {
  return until(() => incident.thread().find(({ text }) => words.test(text)), `a line that says ${String(words)}`)
}

const entriesIn = ({ text }: Seen) => [...text.matchAll(/ #(\d+) · /g)].map(([, seq]) => Number(seq))

test('a line of the record that is altered with the stolen token of the bot is noticed, also what was altered while it was away', async () => {
  const incident = await scene.open()
  await incident.ask(1)
  await incident.approve()
  await incident.untilProven(1)
  const approved = await lineOf(incident, /approved: Revoke all sessions/)
  await forge(approved, /@bao/, '@gil')
  expect((await incident.happens('PostsAltered')).event.entries).toEqual(entriesIn(approved))
  await incident.as('chi').reads(/says? something else in this thread than when .* posted: entr(y|ies) [\d to,and]*/)

  await incident.run(2)
  const { seq } = await incident.happens('StepDone', ({ event }) => event.action !== 'revoke-sessions')
  const proven = await lineOf(incident, new RegExp(`#${seq} · `))
  expect(proven.ts).not.toBe(approved.ts)
  await scene.program().kill()
  await forge(proven, /proved/, 'failed')
  await scene.restart('stop')
  const late = await incident.happens('PostsAltered', ({ event }) => event.entries.includes(seq))
  expect(late.event.entries).toEqual(entriesIn(proven))
  // Requests and cards go on, and are edited for it by ourselves.
  await incident.run(3)
  await scene.restart('stop')
  await incident.run(4)
  expect(incident.entries('PostsAltered')).toHaveLength(2)
})

test('what is no message of a person in the thread of an incident is left alone, and what looks like a secret is not kept', async () => {
  const incident = await scene.open()
  const before = incident.state().lastSeq
  await slack().as('ana').say(channel, 'not in the thread')
  const elsewhere = await slack().as('ana').say(channel, 'another thread')
  await slack().as('ana').say(channel, 'of its own', elsewhere.ts)
  await slack().as('ana').edit(elsewhere, 'another thread, edited')
  await says(incident, 'ana', 'the token was xoxb-1234567890-abcdefghijkl')
  expect(recorded(incident).map(([, text]) => text)).toEqual(['the token was [removed]'])
  expect(incident.entries('MessageWritten')[0]?.seq).toBe(before + 1)
})

test('somebody of another company is recorded as that, and what they write allows them nothing', async () => {
  slack().control.share(channel)
  const incident = await scene.asked()
  await says(incident, 'olu', 'approved')
  expect(incident.entries('MessageWritten')[0]?.actor).toMatchObject({
    name: 'olu',
    slack: { team: otherWorkspace.team },
  })
  expect(incident.entries('StepApproved')).toEqual([])
})

test('without the scope to read the history nothing is recorded, and the Home tab says so once', async () => {
  slack().control.withholdScope('groups:history')
  await scene.restart('stop')
  const incident = await scene.open()
  await slack().as('ana').say(channel, 'does anybody listen?', incident.card().ts)
  await incident.ask(1)
  await incident.approve()
  await incident.untilProven(1)
  expect(recorded(incident)).toEqual([])
  await slack().as('ana').openHome()
  const words = await until(() => {
    const home = JSON.stringify(slack().as('ana').home() ?? {})
    return home.includes('is not noticed') ? home : undefined
  }, 'the Home tab to say so')
  expect(words.match(/edit and delete in the threads of incidents is not noticed/g)).toHaveLength(1)
  expect(/is not noticed\.[^"]*/.exec(words)?.[0]).toContain('groups:history')
})
