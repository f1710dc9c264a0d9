import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadPlaybooks } from '#/configuration/playbooks.ts'
import { buttons, forms, type HintFacts, hint } from '#/drill/page/glass/hint.ts'
import type { Member } from '#/drill/page/wire.ts'
import type { Finding } from '#/incident/findings.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import { closeForm, notificationForm, secretForm } from '#/slack/cards/forms.ts'
import { incidentCard } from '#/slack/cards/incident-card.ts'
import { openingForm } from '#/slack/cards/opening-form.ts'
import { requestMessage } from '#/slack/cards/request-message.ts'
import { expectForm } from '#/slack/cards/step-forms.ts'
import { play } from '../../test/support/given.ts'
import { moves, playOut } from '../../test/support/moves.ts'
import {
  type Act,
  allProven,
  approves,
  asks,
  asksToResume,
  check,
  closes,
  contained,
  doneResult,
  minute,
  notifies,
  opens,
  proven,
  reports,
  restored,
  running,
  settledByWord,
  shownRequest,
  steps,
  stops,
  swept,
  underWay,
} from '../../test/support/stories.ts'
import {
  found,
  ids,
  opensWhole,
  reviewed,
  strangeAdmin,
  strangeClient,
  wholeUnderWay,
} from '../../test/support/whole-instance.ts'
import { incidentFacts, isDefended, nextMove, openForm, passwordFacts, progressOf } from './drill-facts.ts'

const people: readonly Member[] = [
  { handle: 'ana', user: 'U0ANA', name: 'Ana Ruiz', part: 'responder', outside: false },
  { handle: 'bao', user: 'U0BAO', name: 'Bao Tran', part: 'responder', outside: false },
  { handle: 'gil', user: 'U0GIL', name: 'Gil Marsh', part: 'guest', outside: false },
  { handle: 'alice', user: 'U0ALICE', name: 'Alice Moreau', part: 'the compromised account', outside: true },
]

function factsOf(incident: OpenedIncident): HintFacts {
  return {
    responders: ['ana', 'bao', 'chi'],
    victim: 'alice',
    machine: { bot: 'running', redis: 'running', autentico: 'well', slack: 'connected' },
    progress: progressOf(incident),
    untried: [],
    incident: incidentFacts(incident, isRogue),
  }
}

/** The client of the stories is the attacker's, everything else is not. */
const isRogue = ({ kind }: Finding): boolean => kind === 'client'

/** What stands on the buttons that people see in an incident's card and thread. */
function buttonsOf(incident: OpenedIncident, now: string): ReadonlySet<string> {
  const messages = [
    incidentCard(incident, { now, requestLink: 'https://acme.slack.test/p1' }),
    ...[...incident.requests.values()].map((request) => requestMessage(incident, request)),
  ]
  const elements = messages
    .flatMap(({ blocks }) => blocks)
    .flatMap((block) => (block.type === 'actions' ? block.elements : []))
  return new Set(elements.flatMap((element) => (element.type === 'button' ? [element.text.text] : [])))
}

test.each<[string, readonly Act[], string]>([
  ['opened', [opens()], 'wait for the reading'],
  ['read', underWay, 'ask'],
  [
    'the account could not be read',
    [opens(), reports('snapshot', { kind: 'failed', sentence: 'No.', retry: true })],
    'read again',
  ],
  ['asked', [...underWay, ...shownRequest(steps.sessions)], 'approve'],
  ['approved', [...underWay, ...running(steps.sessions)], 'wait for the worker'],
  ['proven', [...underWay, ...proven(steps.sessions)], 'ask'],
  [
    'failed for good',
    [...underWay, ...running(steps.sessions), reports('run', { kind: 'failed', sentence: 'No.', retry: false })],
    'find another way',
  ],
  ['all proven', allProven, 'tell'],
  ['told before the sweep', [...allProven, notifies], 'wait for the sweep'],
  ['the sweep found something', [...allProven, notifies, ...swept('reset-mfa')], 'sweep again'],
  ['contained and told', [...contained, notifies], 'ask'],
  ['restored', restored, 'show the password'],
  ['the rest was skipped', [...underWay, ...settledByWord(steps.sessions, 'skip-rest')], 'close'],
])('%s: the next move is known', (_when, acts, next) => {
  expect(nextMove(play(...acts).incident, isRogue)).toMatchObject({ next })
})

const since = { inputs: { since: minute(-60) } }
const rotated: readonly Act[] = [
  ...wholeUnderWay,
  ...running(ids.rotate),
  reports('run', doneResult({ checks: [check('rotate-admin-token')] })),
]
const looked: readonly Act[] = [
  ...rotated,
  asks(ids.review, since),
  reports('run', reviewed([strangeAdmin, strangeClient])),
]
const oneExpected: readonly Act[] = [...looked, asks(found[0], { kind: 'expect', reason: 'Hired.' }), approves()]
const bothSettled: readonly Act[] = [...oneExpected, asks(found[1], { kind: 'expect', reason: 'Ours.' }), approves()]
const theirs: readonly Act[] = [
  ...bothSettled,
  asks(ids.which, { kind: 'answer', answer: 'theirs', reason: 'Rented.' }),
  approves(),
]

test.each<[string, readonly Act[], string]>([
  ['Autentico is being read', [opensWhole()], 'Autentico is being read, and nothing is changed before that.'],
  ['Autentico was read', wholeUnderWay, 'Press “Ask for step 1” on the card in # sec-incidents.'],
  ['a form comes first, and nobody has to approve', rotated, 'Next: press “Begin step 2…” on the card.'],
  [
    'something was found',
    looked,
    'Finding 2.1, Administrator “helpdesk”, is as it should be: press “Expected…” beside it',
  ],
  ['the attacker’s was found', oneExpected, 'Finding 2.2, Client “Rogue”, is mallory’s: press “Disable” beside it'],
  ['a question', bothSettled, 'People decide step 3: press “Decide step 3…” on the card, and a second one signs it.'],
  ['something to do by hand', theirs, 'Do step 5 by hand, then press “I did step 5…” on the card and say how.'],
  ['the work is stopped', [...rotated, stops()], 'The work is stopped: press “Ask to resume” on the card'],
  [
    'to be resumed',
    [...rotated, stops(), asksToResume()],
    'You asked for the work to go on: press “Approve” and be refused',
  ],
])('%s: that is what the hint says, and the button is there', (_when, acts, words) => {
  const { incident, now } = play(...acts)
  const [ana] = people
  const said = ana === undefined ? undefined : hint(ana, factsOf(incident))

  expect(said?.words).toContain(words)
  for (const [, named = ''] of (said?.words ?? '').matchAll(/press “([^”]*)”/gi))
    expect([...buttonsOf(incident, now)]).toContain(named)
})

test('after an incident the next playbook that was not tried is named', () => {
  const { incident } = play(...restored, closes())
  const [ana] = people
  if (ana === undefined) throw new Error('the cast begins with ana')

  const untried = ['“Private key may be exposed”', '“Breached database”']
  expect(hint(ana, { ...factsOf(incident), untried }).words).toContain(
    'or open another incident: “Private key may be exposed”, for one.',
  )
})

test('in the opening form the hint says whom to pick, or that there is nobody to be picked', () => {
  const offer = { playbooks: loadPlaybooks({}) }
  const [ana] = people
  const wordsAt = (playbook: string): string | undefined => {
    const { title, blocks } = openingForm(offer, { playbook }, [])
    const form = openForm({ title: title.text, blocks: blocks as never }, 'alice')
    return ana === undefined ? undefined : hint(ana, { ...factsOf(play(...underWay).incident), form }).words
  }

  expect(wordsAt('account-compromise')).toMatch(/^Type alice into Target/)
  expect(wordsAt('admin-account-compromise')).toMatch(/^Type admin into Target/)
  for (const { id } of offer.playbooks.filter(({ target }) => target === 'instance'))
    expect(wordsAt(id)).toMatch(/^This one is about Autentico as a whole/)
})

test('a button that a hint names can be pressed, wherever a story has got to and whoever reads it', () => {
  fc.assert(
    fc.property(moves, (all) => {
      for (const { after } of playOut(all)) {
        const { incident, now } = after
        if (incident.status === 'unopened') continue
        const there = buttonsOf(incident, now)
        for (const member of people) {
          const { words } = hint(member, factsOf(incident))
          expect(words).toMatch(/^[^\n]{10,160}[.]$/)
          for (const [, named = ''] of words.matchAll(/“([^”]*)”/g)) expect([...there]).toContain(named)
        }
      }
    }),
    { numRuns: 15, plugins: [fc.interruptAfterTimeLimit(3_000)] },
  )
})

test('the forms that a hint speaks of are called so', () => {
  const { incident } = play(...restored)
  const about = { of: 'incident', incident: incident.id } as const
  const titled = (form: {
    readonly title: { readonly text: string }
    readonly submit?: { readonly text: string }
  }) => ({
    title: form.title.text,
    ...(form.submit === undefined ? {} : { submit: form.submit.text }),
  })

  expect(titled(openingForm({ playbooks: [incident.playbook] }, {}, []) as never)).toEqual(forms.open)
  expect(titled(notificationForm(incident, about) as never)).toEqual(forms.tell)
  const step = incident.playbook.steps[0]
  if (step === undefined) throw new Error('the playbook has steps')
  expect(titled(expectForm(incident, step, about) as never)).toEqual(forms.expected)
  expect(titled(secretForm(incident, 'secret') as never)).toEqual(forms.password)
  expect(titled(closeForm(incident, about) as never)).toEqual({
    title: forms.close.title(incident.id),
    submit: forms.close.submit,
  })
})

test('who asked is sent to somebody else, and the others are sent to the button', () => {
  const facts = factsOf(play(...underWay, ...shownRequest(steps.sessions)).incident)

  const [ana, bao, gil, alice] = people.map((member) => hint(member, facts))
  expect(ana).toMatchObject({ switchTo: 'bao', words: expect.stringContaining('be refused') as string })
  expect(bao).toMatchObject({ switchTo: null, words: expect.stringContaining(`“${buttons.approve}”`) as string })
  expect(gil?.words).toMatch(/^You are gil, a guest: press “Approve” and see what happens/)
  expect(alice).toMatchObject({ switchTo: 'bao', words: expect.stringContaining('you see nothing') as string })
})

test('progress only grows along the way, from nothing to all of it', () => {
  const along = [underWay, [...underWay, ...shownRequest(steps.sessions)], allProven, contained, restored].map((acts) =>
    progressOf(play(...acts).incident),
  )

  expect(along).toEqual(along.toSorted((one, other) => one - other))
  expect(new Set(along).size).toBe(along.length)
  expect(progressOf(undefined)).toBe(0)
  expect(progressOf(play(...restored, closes()).incident)).toBe(1)
})

test('the password is what the ledger says became of it', () => {
  expect(passwordFacts(play(...underWay, ...proven(steps.sessions)).incident)).toBeUndefined()
  expect(passwordFacts(play(...contained).incident)).toMatchObject({ is: 'known to nobody' })
  expect(passwordFacts(play(...restored).incident)).toMatchObject({ is: 'temporary' })
})

test('nothing was done against the attacker until something was done', () => {
  expect(isDefended(play(...underWay, ...running(steps.sessions)).incident)).toBe(false)
  expect(isDefended(play(...underWay, ...proven(steps.sessions)).incident)).toBe(true)
})
