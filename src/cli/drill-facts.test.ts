import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buttons, forms, type HintFacts, hint } from '#/drill/page/glass/hint.ts'
import type { Member } from '#/drill/page/wire.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import { closeForm, notificationForm, secretForm } from '#/slack/cards/forms.ts'
import { incidentCard } from '#/slack/cards/incident-card.ts'
import { openingForm } from '#/slack/cards/opening-form.ts'
import { requestMessage } from '#/slack/cards/request-message.ts'
import { play } from '../../test/support/given.ts'
import { moves, playOut } from '../../test/support/moves.ts'
import {
  type Act,
  allProven,
  closes,
  contained,
  notifies,
  opens,
  proven,
  reports,
  restored,
  running,
  settledByWord,
  shownRequest,
  steps,
  swept,
  underWay,
} from '../../test/support/stories.ts'
import { incidentFacts, isDefended, nextMove, passwordFacts, progressOf } from './drill-facts.ts'

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
    incident: incidentFacts(incident),
  }
}

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
  ['opened', [opens()], 'wait for the account to be read'],
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
  expect(nextMove(play(...acts).incident)).toMatchObject({ next })
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
