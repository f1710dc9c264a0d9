import { standardPolicy } from '#/policy/policy.ts'
import type { Message } from '#/slack/cards/blocks.ts'
import { requestMessage } from '#/slack/cards/request-message.ts'
import { requestTitle } from '#/slack/cards/request-words.ts'
import { signInBegins, signInEnded, signInForm } from '#/slack/cards/sign-in-form.ts'
import { line, mrkdwn, sentence } from '#/slack/cards/text.ts'
import { play, requestTtlMs } from './given.ts'
import {
  type Act,
  approves,
  asks,
  beginsStepUp,
  effect,
  minute,
  newestRequest,
  passes,
  reports,
  shownRequest,
  standing,
  steps,
  underWay,
} from './stories.ts'
import { everySort, ids, instanceFacts, opensWhole } from './whole-instance.ts'

/** What people see where approvals count only after a fresh sign-in to Autentico. */

const wanted: Act = { policy: standardPolicy({ ttlMs: requestTtlMs, stepUp: true }) }
const asked = [...underWay, wanted, passes(2), ...shownRequest(steps.sessions)]
const signingIn = [...asked, passes(1), beginsStepUp(), passes(1)]
const read = reports('snapshot', { kind: 'snapshot', instance: instanceFacts, evidence: [], warnings: [] })
const ill = [
  opensWhole({ playbook: { ...everySort, patient: 'autentico' } }),
  read,
  wanted,
  asks(ids.rotate),
  reports('prepare', { kind: 'prepared', effect: effect('replace the key.') }),
]
const stepUp = {
  kind: 'autentico',
  iss: 'https://id.acme.test/oauth2',
  aud: 'incident-approvals',
  sub: 'cv3kbao',
  authTime: 1_795_402_980,
  signedInAt: minute(3),
  tokenDigest: 'a'.repeat(64),
} as const

function request(...acts: readonly Act[]): Message {
  const { incident } = play(...acts)
  return requestMessage(incident, newestRequest(incident))
}

export const signInMessages: readonly (readonly [string, Message])[] = [
  ['An approval counts after a sign-in', request(...asked)],
  ['Approved after a sign-in', request(...signingIn, approves(standing('bao'), { stepUp }))],
  ['Autentico itself is the patient', request(...ill)],
]

const { incident } = play(...asked)
const shown = newestRequest(incident)
const link = 'https://id.acme.test/account/device'

export const signInForOne: readonly (readonly [string, object])[] = [
  ['Approve, where it leads to Autentico: at once', signInBegins()],
  [
    'Approve, where it leads to Autentico: a moment later',
    signInForm(
      {
        title: requestTitle(incident, shown),
        code: shown.shown?.code ?? '',
        effect: mrkdwn`*This will:* ${line(shown.shown?.effect.sentence ?? '', 900)}`,
        since: shown.shown?.at ?? '',
      },
      {
        kind: 'begun',
        cancel: () => undefined,
        userCode: 'WDJB-MJHT',
        link,
        linkWithCode: `${link}/WDJB-MJHT`,
        expiresAt: minute(13),
        ended: Promise.resolve({ kind: 'failed', why: 'expired', sentence: '' }),
      },
    ),
  ],
  [
    'The sign-in was somebody else’s',
    signInEnded(sentence('You signed in as `mallory`; this Slack user is `bao@acme.test`. Nothing was approved.')),
  ],
  ['The sign-in counts', signInEnded(mrkdwn`✅ Approved: ${requestTitle(incident, shown)}`)],
]
