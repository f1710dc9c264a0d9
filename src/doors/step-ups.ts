import type { Logger } from 'pino'
import { isFailure } from '#/autentico/failures.ts'
import type { SignInEnd, SignIns } from '#/autentico/sign-ins.ts'
import type { Config, Secrets } from '#/config.ts'
import type { Governance } from '#/deciders/governance.ts'
import type { Incidents } from '#/deciders/incidents.ts'
import type { Policy } from '#/policy/policy.ts'
import { saying } from '#/slack/cards/lists.ts'
import { sentence } from '#/slack/cards/text.ts'
import type { Door, SignedIn, SignInFailed } from '#/slack/door.ts'
import type { Outbound } from '#/slack/outbound.ts'
import type { Accounts } from './accounts.ts'

/**
 * What is wrong with a policy that wants a step-up which nobody could give: without a way to sign in, and without a registered key, no
 * request of such a rule could ever be approved. Undefined: nothing is.
 */
export function stepUpFault(
  policies: readonly Policy[],
  { stepUp, keys }: { readonly stepUp: Config['stepUp']; readonly keys: number },
): string | undefined {
  const isWanted = policies.some(({ standard, rules }) =>
    [standard, ...Object.values(rules)].some((rule) => rule.stepUp),
  )
  return isWanted && stepUp === undefined && keys === 0
    ? 'STEP_UP: is off, but the policy wants a step-up, and nobody has a registered terminal key: what it is wanted for could never be approved. Set STEP_UP=autentico and STEP_UP_CLIENT_ID'
    : undefined
}

/** How approvers sign in to Autentico. */
export type StepUps = AsyncDisposable &
  Pick<Door, 'beginSignIn'> & {
    /** What keeps approvers from signing in, as a sentence. Undefined: nothing. Never throws. */
    readonly trouble: () => Promise<string | undefined>
  }

/** Asks Autentico who signed in, and the workers when. What that takes is loaded only where it is configured. */
export async function openStepUps({
  config: { stepUp },
  secrets,
  accounts,
  log,
}: {
  readonly config: Pick<Config, 'stepUp'>
  readonly secrets: Pick<Secrets, 'stepUpClientSecret'>
  readonly accounts: Pick<Accounts, 'lastSignIn'>
  readonly log: Logger
}): Promise<StepUps> {
  if (stepUp === undefined) return { ...without, [Symbol.asyncDispose]: async () => {} }
  const { openSignIns } = await import('#/autentico/sign-ins.ts')
  const signIns = openSignIns({
    url: stepUp.url,
    client: { clientId: stepUp.clientId, clientSecret: secrets.stepUpClientSecret },
    notRevoked: (error) =>
      log.warn({ why: error.message }, 'the tokens of a sign-in could not be taken back; they end by themselves'),
    broke: (error) => log.error({ err: error }, 'a sign-in to approve met a fault of our own'),
  })
  return {
    beginSignIn: async () => begin(signIns, accounts, log),
    trouble: async () => troubleOf(signIns),
    [Symbol.asyncDispose]: async () => signIns[Symbol.asyncDispose](),
  }
}

const notConfigured: SignInFailed = {
  kind: 'failed',
  why: 'unavailable',
  sentence:
    'The policy wants a sign-in to Autentico, and the bot has no way to ask for one. Ask an operator to set `STEP_UP`.',
}

const without: Pick<StepUps, 'beginSignIn' | 'trouble'> = {
  beginSignIn: async () => notConfigured,
  trouble: async () => undefined,
}

async function troubleOf(signIns: SignIns): Promise<string | undefined> {
  try {
    const why = await signIns.trouble()
    return why === undefined ? undefined : `Approvers cannot sign in through the client of STEP_UP_CLIENT_ID. ${why}`
  } catch (error) {
    if (!isFailure(error)) throw error
    return `Whether approvers can sign in is not known. ${error.message}`
  }
}

async function begin(
  signIns: SignIns,
  accounts: Pick<Accounts, 'lastSignIn'>,
  log: Logger,
): ReturnType<Door['beginSignIn']> {
  try {
    const { userCode, link, linkWithCode, expiresAt, ended, cancel } = await signIns.begin()
    return {
      kind: 'begun',
      userCode,
      link,
      linkWithCode,
      expiresAt: expiresAt.toISOString(),
      ended: ended.then(async (end) => resultOf(end, accounts)),
      cancel,
    }
  } catch (error) {
    if (!isFailure(error)) throw error
    log.error({ why: error.message }, 'a sign-in to approve could not be begun')
    return unavailable(error.message)
  }
}

async function resultOf(end: SignInEnd, accounts: Pick<Accounts, 'lastSignIn'>): Promise<SignedIn | SignInFailed> {
  switch (end.kind) {
    case 'denied':
      return failed('denied', 'At Autentico the answer was no, so nothing was approved.')
    case 'expired':
      return failed(
        'expired',
        'Nobody signed in before the code was over, so nothing was approved. Press Approve again.',
      )
    case 'aborted':
      return failed('lost', lost)
    case 'not-acceptable':
      return failed(
        'not_acceptable',
        `What Autentico answered is not acceptable: ${end.why}. Nothing was approved. Tell an operator.`,
      )
    case 'failed':
      return unavailable(end.sentence)
    case 'signed-in': {
      // Autentico's device grant says when the device got its token, not when the person signed in. Its list of logins does.
      const login = await accounts.lastSignIn(end.who.sub)
      if (login.kind === 'unavailable') return unavailable(login.why)
      if (login.at === undefined)
        return failed(
          'stale',
          'Autentico knows of no browser in which that account is signed in. Press Approve again, and stay signed in until the form says that it has counted.',
        )
      const { iss, aud, sub, authTime, digest: tokenDigest, ...account } = end.who
      return {
        kind: 'signed-in',
        stepUp: { kind: 'autentico', iss, aud, sub, authTime, signedInAt: login.at, tokenDigest },
        account,
      }
    }
  }
}

const lost = 'The bot was started anew while you signed in, so nothing was approved. Press Approve again.'

function failed(why: SignInFailed['why'], said: string): SignInFailed {
  return { kind: 'failed', why, sentence: said }
}

function unavailable(why: string): SignInFailed {
  return failed(
    'unavailable',
    `Autentico could not be asked who you are, so nothing was approved. ${why} Press Approve again, or approve from a terminal with your registered key.`,
  )
}

type Telling = (outbound: Pick<Outbound, 'replyPrivately'>) => void

/** Ends what was under way when the program ended last time; what is returned tells everybody whose sign-in was lost. */
export function endLostStepUps(
  incidents: Pick<Incidents, 'open' | 'execute'>,
  governance: Pick<Governance, 'stepUps' | 'endStepUp'>,
): readonly Telling[] {
  const ofChanges = governance.stepUps().map(({ change, by: person }): Telling => {
    governance.endStepUp({ change, person, why: 'lost', sentence: lost })
    return (outbound) => void outbound.replyPrivately(person.slack.user, {}, saying(sentence(lost)))
  })
  const ofRequests = incidents.open().flatMap(({ id, stepUps, thread }) =>
    stepUps.map(({ request, by: person }): Telling => {
      incidents.execute(id, { type: 'EndStepUp', request, person, why: 'lost', sentence: lost })
      const where = thread === undefined ? {} : { channel: thread.channel, thread: thread.ts }
      return (outbound) => void outbound.replyPrivately(person.slack.user, where, saying(sentence(lost)))
    }),
  )
  return [...ofChanges, ...ofRequests]
}
