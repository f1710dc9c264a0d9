import { commandsByHand, makeSigningKey, readSigningKey, shortFingerprint } from '#/autentico/signing-key.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import type { ActionContext, Proof } from '../action.ts'
import { actingOnWhole, byHand } from '../whole.ts'
import { keepFor, keptFor } from './key-files.ts'

const name: ActionName = 'make-signing-key'

type Seen = {
  /** The key in use now. */
  readonly old: string
  /** Of a key that somebody made by hand. */
  readonly given: string | undefined
}

/**
 * Makes the new signing key on the worker, where it waits for the next step and never leaves the machine. Where the worker cannot
 * reach the environment file, somebody makes it by hand and gives its fingerprint.
 */
export const makeKey = actingOnWhole<Seen>({
  name,
  async look({ autentico, reach, order }) {
    const given = order.inputs?.['fingerprint']
    // Whoever approved it would approve nothing.
    if (given === undefined && reach.environment === undefined) throw byHand(unreached, instructions())
    const { fingerprint: old } = await autentico.publishedKey()
    return { old, given }
  },
  effect: ({ old, given }) => ({
    sentence:
      given === undefined
        ? 'make an RSA key of 4096 bits on the worker. It stays on that machine until the next step puts it in place.'
        : `go on with the key that was made by hand, with the fingerprint ${shortFingerprint(given)}.`,
    question:
      given === undefined ? 'Make a new signing key on the worker?' : 'Go on with the key that was made by hand?',
    verb: given === undefined ? 'Make it' : 'Go on',
    basis: { publishedKey: old, givenKey: given ?? null },
  }),
  async execute(ctx, { given, old }) {
    await ctx.progress.fence()
    if (given !== undefined)
      return {
        did: [`Took the key with the fingerprint ${shortFingerprint(given)} as the one to come.`],
        prove: () =>
          Promise.resolve([
            proof(true, `The fingerprint was given by hand: SHA-256 ${given}. The next step proves it in use.`),
          ]),
        known: { keyFingerprint: given, keyBefore: old },
      }
    const fingerprint = await made(ctx)
    return {
      did: [`Made an RSA key of 4096 bits, with the fingerprint ${shortFingerprint(fingerprint)}.`],
      prove: async () => [await isKept(ctx, fingerprint)],
      known: { keyFingerprint: fingerprint, keyBefore: old },
    }
  },
})

/** Made once for an incident: an order that is taken up again goes on with what is there. */
async function made({ reach, order }: ActionContext): Promise<string> {
  const kept = readSigningKey(await keptFor(reach.directory, order.incident, 'signing-key'))
  if (kept.kind === 'usable') return kept.fingerprint
  const { value, fingerprint } = await makeSigningKey()
  await keepFor(reach.directory, order.incident, 'signing-key', value)
  return fingerprint
}

async function isKept({ reach, order }: ActionContext, fingerprint: string): Promise<Proof> {
  const kept = readSigningKey(await keptFor(reach.directory, order.incident, 'signing-key'))
  const holds = kept.kind === 'usable' && kept.bits === 4096 && kept.fingerprint === fingerprint
  return proof(
    holds,
    holds
      ? `The key has 4096 bits and is in the form that Autentico takes: SHA-256 ${fingerprint}.`
      : 'The key that was made is not there any more.',
  )
}

function proof(proven: boolean, detail: string): Proof {
  return { action: name, name: 'key-made', proven, detail }
}

const unreached =
  'This worker has no `AUTENTICO_ENV_FILE`, so it cannot put a key in place: somebody makes it on the machine of Autentico.'

/** What somebody types on the machine of Autentico. */
function instructions(): string {
  const commands = commandsByHand('.env')
  const lines = (makes: string): readonly string[] =>
    commands
      .filter((one) => one.makes === makes)
      .map(({ on, command }) => (on === 'any' ? command : `${command}   # ${on}`))
  return [
    '1. Make the key:',
    ...lines('key'),
    '2. Put what it prints into AUTENTICO_PRIVATE_KEY. Do not restart Autentico yet.',
    '3. Print its fingerprint, in the folder of the environment file:',
    ...lines('fingerprint'),
    '4. Ask for this step again, with the fingerprint.',
  ].join('\n')
}
