import { generateKeyPairSync } from 'node:crypto'
import { afterEach, expect, test, vi } from 'vitest'
import { incidentChannel } from '#/drill/cast.ts'
import type { IncidentId } from '#/incident/events.ts'
import { standardPolicy } from '#/policy/policy.ts'
import { publicLine } from '#/terminal/public-key.ts'
import { person, standing } from '../../test/support/stories.ts'
import { changeMessage } from './cards/change-message.ts'
import type { SignedIn, SignInFailed } from './door.ts'
import { askForFirstStep, effect, memoryRules, openThroughForm, startWorld, type World } from './test-support.ts'

const cleanups: AsyncDisposable[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup[Symbol.asyncDispose]()
})

type Story = { readonly w: World; readonly id: IncidentId; readonly end: (end: SignedIn | SignInFailed) => void }

/** Bao is about to approve what counts only after a sign-in. `end` is what Autentico says in the end. */
async function withRequest(what = effect): Promise<Story> {
  const w = await startWorld()
  cleanups.push(w)
  w.door.rules = standardPolicy({ ttlMs: 30 * 60_000, stepUp: true })
  const id = await openThroughForm(w)
  await askForFirstStep(w, id, 'ana', what)
  return { w, id, end: nextSignIn(w) }
}

/** Whoever is sent to Autentico next is given this code. */
function nextSignIn(w: World): Story['end'] {
  const { promise: ended, resolve: end } = Promise.withResolvers<SignedIn | SignInFailed>()
  const link = 'https://id.acme.test/account/device'
  const expiresAt = new Date(Date.now() + 600_000).toISOString()
  const cancel = () => end({ kind: 'failed', why: 'lost', sentence: 'It was cancelled.' })
  w.door.signIn = {
    kind: 'begun',
    userCode: 'WDJB-MJHT',
    link,
    linkWithCode: `${link}/WDJB-MJHT`,
    expiresAt,
    ended,
    cancel,
  }
  return end
}

function signedIn(username = 'bao'): SignedIn {
  const now = new Date(Date.now() + 1_000)
  return {
    kind: 'signed-in',
    stepUp: {
      kind: 'autentico',
      iss: 'https://id.acme.test/oauth2',
      aud: 'approvals',
      sub: `cv3k${username}`,
      authTime: Math.floor(now.getTime() / 1_000),
      signedInAt: now.toISOString(),
      tokenDigest: 'a'.repeat(64),
    },
    account: { username, email: `${username}@acme.test`, emailVerified: true },
  }
}

const press = async ({ w }: Story) => w.local.as('bao').press(w.messageWith('approve'), 'approve')
const formOf = ({ w }: Pick<Story, 'w'>) => JSON.stringify(w.local.as('bao').views().at(-1)?.blocks)
const formSays = async (story: Pick<Story, 'w'>, words: RegExp) =>
  vi.waitFor(() => expect(formOf(story)).toMatch(words))
const types = ({ w }: Story) => w.door.entries.map(({ event }) => event.type)

test('the press is on record before Autentico is asked, and the code stands in a form that only the presser sees', async () => {
  const story = await withRequest()
  await press(story)
  await formSays(story, /WDJB-MJHT/)
  expect(formOf(story)).toContain('https://id.acme.test/account/device/WDJB-MJHT')
  expect(formOf(story)).toContain('Revokes 3 sessions and 2 tokens of alice.')
  expect(types(story).at(-1)).toBe('StepUpStarted')
  expect(JSON.stringify([story.w.local.state().channels, story.w.door.entries])).not.toContain('WDJB')
  expect(story.w.local.as('ana').views()).toEqual([])
})

test('the sign-in approves in the name of whoever pressed, and the form says so', async () => {
  const story = await withRequest()
  await press(story)
  await formSays(story, /WDJB-MJHT/)
  story.end(signedIn())
  await formSays(story, /Approved: Step 1/)
  expect(types(story)).toContain('StepApproved')
  expect(story.w.door.opened(story.id).stepUps).toEqual([])
})

test('two presses at once are one sign-in', async () => {
  const story = await withRequest()
  await Promise.all([press(story), press(story)])
  await formSays(story, /WDJB-MJHT/)
  expect(types(story).filter((type) => type.startsWith('StepUp'))).toEqual(['StepUpStarted'])
  story.end(signedIn())
  await formSays(story, /Approved: Step 1/)
  expect(types(story)).not.toContain('StepUpFailed')
})

test('a form that was closed meanwhile is made up for in private', async () => {
  const story = await withRequest()
  await press(story)
  await formSays(story, /WDJB-MJHT/)
  await story.w.local.as('bao').close()
  story.end(signedIn('mallory'))
  expect(await story.w.saidTo('bao')).toMatch(/You signed in as `mallory`; this Slack user is `bao@acme\.test`/)
  expect(types(story).at(-1)).toBe('StepUpFailed')
})

test('somebody whose Slack account is deactivated while they sign in approves nothing', async () => {
  const story = await withRequest()
  await press(story)
  await formSays(story, /WDJB-MJHT/)
  story.w.local.control.deactivate('U0BAO')
  story.end(signedIn())
  await vi.waitFor(() => expect(types(story).at(-1)).toBe('StepUpFailed'))
  expect(types(story)).not.toContain('StepApproved')
})

test('Autentico being away is told, and is on record', async () => {
  const story = await withRequest()
  story.w.door.signIn = { kind: 'failed', why: 'unavailable', sentence: 'Autentico could not be asked.' }
  await press(story)
  await formSays(story, /Autentico could not be asked/)
  expect(story.w.door.entries.at(-1)?.event).toMatchObject({ type: 'StepUpFailed', why: 'unavailable' })
})

test('what has to be typed first leads to the sign-in in the same form', async () => {
  const story = await withRequest({ ...effect, confirmByTyping: 'alice' })
  const bao = story.w.local.as('bao')
  await bao.press(story.w.messageWith('approve_by_typing'), 'approve_by_typing')
  const form = await story.w.formOf('bao')
  expect(await bao.submit(form, { typed: 'alise' })).toMatchObject({ now: 'errors' })
  expect(await bao.submit(form, { typed: 'alice' })).toMatchObject({ now: 'updated' })
  await formSays(story, /WDJB-MJHT/)
  story.end(signedIn())
  await formSays(story, /Approved: Step 1/)
})

/** Ana asked for a terminal key, and bao is about to approve it. */
async function withChange(): Promise<Omit<Story, 'id'>> {
  const w = await startWorld()
  cleanups.push(w)
  w.door.governance = memoryRules(standardPolicy({ ttlMs: 30 * 60_000, stepUp: true }))
  const publicKey = publicLine(generateKeyPairSync('ed25519').publicKey)
  w.door.governance.execute({ type: 'AskToRegister', by: standing('ana'), publicKey })
  for (const change of w.door.governance.pending())
    await w.slack.outbound.postCard(incidentChannel.id, changeMessage(change, { drill: false }), change.id)
  return { w, end: nextSignIn(w) }
}

const pressChange = async ({ w }: Pick<Story, 'w'>) =>
  w.local.as('bao').press(w.messageWith('approve_change'), 'approve_change')

test('a change of the rules is approved by signing in as well', async () => {
  const story = await withChange()
  await pressChange(story)
  await formSays(story, /WDJB-MJHT/)
  expect(story.w.door.governance.keys()).toEqual([])
  story.end(signedIn())
  await formSays(story, /Approved: .*CHG-1/)
  expect(story.w.door.governance.keys()).toMatchObject([{ person: person('ana') }])
})

test('a change of the rules is not approved by whoever signs in as somebody else', async () => {
  const story = await withChange()
  await pressChange(story)
  await formSays(story, /WDJB-MJHT/)
  story.end(signedIn('mallory'))
  await formSays(story, /You signed in as `mallory`/)
  expect(story.w.door.governance.keys()).toEqual([])
})

test('whoever is signing in for what somebody else has decided meanwhile is told at once, and need not go on', async () => {
  const story = await withRequest()
  await press(story)
  await formSays(story, /WDJB-MJHT/)
  story.w.slack.endDecidedSignIns()
  expect(types(story)).not.toContain('StepUpFailed')

  const request = [...story.w.door.opened(story.id).requests.keys()][0]
  if (request === undefined) throw new Error('nothing was asked for')
  const denied = story.w.door.execute(story.id, {
    type: 'DenyRequest',
    by: standing('chi'),
    request,
    reason: 'I am here.',
  })
  expect(denied.kind).toBe('accepted')
  story.w.slack.endDecidedSignIns()
  await formSays(story, /Already denied by @chi .* You need not sign in for it any more\./)
  await vi.waitFor(() =>
    expect(story.w.door.entries.at(-1)?.event).toMatchObject({ type: 'StepUpFailed', why: 'refused' }),
  )
  // Nothing is left to end a second time.
  story.w.slack.endDecidedSignIns()
  expect(types(story).filter((type) => type === 'StepUpFailed')).toHaveLength(1)
})

test('the same holds for a change of the rules', async () => {
  const story = await withChange()
  await pressChange(story)
  await formSays(story, /WDJB-MJHT/)
  const [change] = story.w.door.governance.pending()
  if (change === undefined) throw new Error('nothing was asked for')
  story.w.door.governance.execute({ type: 'WithdrawChange', by: standing('ana'), change: change.id })
  story.w.slack.endDecidedSignIns()
  await formSays(story, /Withdrawn by @ana .* You need not sign in for it any more\./)
  expect(story.w.door.governance.pending()).toEqual([])
})
