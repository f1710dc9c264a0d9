import { keyInUse, type PublishedKey } from '#/autentico/published-key.ts'
import { readSigningKey, shortFingerprint } from '#/autentico/signing-key.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import { type ActionContext, CannotBeDone, type Done, NotYet, type Proof } from '../action.ts'
import { actingOnWhole } from '../whole.ts'
import { changeAndRestart } from './environment.ts'
import { forgetFor, keptFor } from './key-files.ts'

const name: ActionName = 'replace-signing-key'

type Seen = {
  readonly published: PublishedKey
  readonly own: boolean
  /** The fingerprint that the key is to have, where it is known. */
  readonly wanted: string | undefined
  /** The key that was in use when the incident was opened. */
  readonly before: string | undefined
  readonly process: string | undefined
}

/**
 * Puts the new key and a new key id into Autentico's environment and restarts it. Proven by the modulus that Autentico publishes:
 * that it has changed proves nothing, since a key it cannot read makes it use a throw-away one. Done by hand, it is proven by the
 * fingerprint that was given, or by a modulus that stays the same over one more restart.
 */
export const replaceKey = actingOnWhole<Seen>({
  name,
  async look({ autentico, reach, order }) {
    const [published, process] = await Promise.all([autentico.publishedKey(), autentico.process()])
    const { params, inputs } = order
    return {
      published,
      process,
      own: reach.environment !== undefined,
      wanted: inputs?.['fingerprint'] ?? params?.['keyFingerprint'],
      before: params?.['keyBefore'],
    }
  },
  effect: ({ own, wanted, published }) => ({
    sentence: own
      ? `put the new key${wanted === undefined ? '' : ` (fingerprint ${shortFingerprint(wanted)})`} and a new key id into Autentico's environment file, and restart Autentico.`
      : `check that Autentico signs with the key that was put in place by hand${wanted === undefined ? '' : ` (fingerprint ${shortFingerprint(wanted)})`}.`,
    question: own
      ? 'Replace the signing key and restart Autentico? Every access token that is out dies; people are not signed out yet.'
      : 'Was the key replaced by hand, and Autentico restarted?',
    verb: own ? 'Replace it' : 'Check it',
    warnings: [
      'Refresh tokens and single sign-on cookies do not depend on this key: they go on until the next step.',
      ...(own
        ? []
        : [
            'Before this is approved, put a new AUTENTICO_JWK_CERT_KEY_ID beside the key and restart Autentico: services that cache keys by id go on trusting the old one otherwise.',
          ]),
    ],
    basis: {
      wantedKey: wanted ?? null,
      environment: own,
      // By hand, the key changes between the request and its approval, as it is to.
      ...(own ? { publishedKey: published.fingerprint, keyId: published.keyId } : {}),
    },
  }),
  execute: async (ctx, seen) => (seen.own ? replaced(ctx, seen) : checked(ctx, seen)),
  again: async (ctx) => {
    const wanted =
      ctx.order.inputs?.['fingerprint'] ?? ctx.order.params?.['keyFingerprint'] ?? ctx.order.params?.['keySeen']
    return wanted === undefined ? [] : [await inUse(ctx, { wanted, before: ctx.order.params?.['keyBefore'] })]
  },
})

async function replaced(ctx: ActionContext, { wanted, before, published }: Seen): Promise<Done> {
  const { reach, order, now } = ctx
  const value = await keptFor(reach.directory, order.incident, 'signing-key')
  const key = readSigningKey(value)
  const isThere = wanted !== undefined && published.fingerprint === wanted
  const isHere = key.kind === 'usable' && (wanted === undefined || key.fingerprint === wanted)
  if (!isThere && !isHere) throw await elsewhere(ctx, wanted)
  const fingerprint = wanted ?? (key.kind === 'usable' ? key.fingerprint : '')
  const keyId = `autentico-${now().toISOString().slice(0, 10)}-${fingerprint.slice(0, 8)}`
  // Whoever goes on after a crash finds it in use already.
  const did = isThere
    ? ['The new key was in use already.']
    : await changeAndRestart(ctx, { AUTENTICO_PRIVATE_KEY: value ?? '', AUTENTICO_JWK_CERT_KEY_ID: keyId })
  const prove = async (): Promise<readonly Proof[]> => [await inUse(ctx, { wanted: fingerprint, before })]
  const [first] = await prove()
  // From here on it is in the environment file; a second copy would only be one more to lose.
  if (first?.proven === true) await forgetFor(reach.directory, order.incident, 'signing-key')
  return { did, prove, known: { keyFingerprint: fingerprint } }
}

const lookAgainMs = 1_000

/**
 * The key that was approved lies on another worker, or was never made. The order goes back for a while, so that the other one takes it;
 * this worker's own key, if it has one, is not the one that people approved.
 */
async function elsewhere({ progress, now, times }: ActionContext, wanted: string | undefined): Promise<Error> {
  const since = progress.note('keySought') ?? now().toISOString()
  await progress.remember('keySought', since)
  if (wanted !== undefined && now().getTime() - Date.parse(since) < times.restartMs) {
    return new NotYet(
      new Date(now().getTime() + lookAgainMs),
      'The new key lies on another worker, which has to take this step: start that worker if it does not run.',
    )
  }
  return new CannotBeDone(
    'The key of step “make a key” is on none of the workers that took this step: it was never made, or the worker that made it does not run. Start that worker, or make a new key, then try again.',
    { retry: true },
  )
}

/** People did it. A key they gave no fingerprint of is believed when it outlives a restart: a throw-away one does not. */
async function checked(ctx: ActionContext, { wanted, before, published, process }: Seen): Promise<Done> {
  if (wanted !== undefined) {
    return {
      did: ['Looked at the key that Autentico publishes.'],
      prove: async () => [await inUse(ctx, { wanted, before })],
      // Another fingerprint may have been given here than where the key was made.
      known: { keyFingerprint: wanted },
    }
  }
  const { keySeen, keySeenIn } = ctx.order.params ?? {}
  const is = shortFingerprint(published.fingerprint)
  const outlived = keySeen === published.fingerprint && process !== undefined && process !== keySeenIn
  const proof = (proven: boolean, detail: string): Done => ({
    did: ['Looked at the key that Autentico publishes.'],
    prove: () => Promise.resolve([{ action: name, name: 'key-in-use', proven, detail }]),
    known: { keySeen: published.fingerprint, ...(process === undefined ? {} : { keySeenIn: process }) },
  })
  if (published.fingerprint === before)
    return proof(false, `Autentico still signs with the old key (fingerprint ${is}).`)
  if (outlived)
    return proof(true, `The new key (fingerprint ${is}) has outlived a restart, so it is one that was configured.`)
  return proof(
    false,
    `The key has changed (fingerprint ${is}). Whether somebody configured it, or Autentico made a throw-away one, shows at the next restart: restart Autentico once more, then try this step again. With the fingerprint of the key it is proven at once.`,
  )
}

async function inUse(
  { autentico }: ActionContext,
  { wanted, before }: { readonly wanted: string; readonly before: string | undefined },
): Promise<Proof> {
  const use = keyInUse(await autentico.publishedKey(), { configured: wanted, old: before })
  return { action: name, name: 'key-in-use', proven: use.kind === 'configured', detail: use.sentence }
}
