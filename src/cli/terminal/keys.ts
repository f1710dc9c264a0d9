import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  makePersonalKey,
  type PersonalKey,
  PersonalKeyUnusable,
  readPersonalKey,
  shortestPassphrase,
} from '#/terminal/personal-key.ts'
import { publicLine } from '#/terminal/public-key.ts'
import type { Ask } from '../ask.ts'
import type { Surroundings } from '../surroundings.ts'

/** How a key is named and opened on the command line. The passphrase itself never stands there: others could read it. */
export type KeyOptions = { readonly key: string; readonly passphraseFile?: string }

/** Where the passphrase may come from besides a file and the person at the terminal. */
export const passphraseVariable = 'RESPONDER_KEY_PASSPHRASE'

/** Where a key is kept unless said otherwise. */
export function defaultKeyFile(env: NodeJS.ProcessEnv): string {
  const { RESPONDER_KEY: named = '', XDG_CONFIG_HOME: config = '', HOME: home = '' } = env
  if (named !== '') return named
  return join(config === '' ? join(home, '.config') : config, 'autentico-responder', 'key.pem')
}

/** Makes a key, and says what two people have to be given to register it. */
export async function makeKey(
  around: Surroundings,
  {
    out,
    passphraseFile,
    encrypt,
    json,
  }: { readonly out: string; readonly passphraseFile?: string; readonly encrypt: boolean; readonly json: boolean },
): Promise<0> {
  const passphrase = encrypt ? await newPassphrase(around, passphraseFile) : undefined
  const key = makePersonalKey(out, passphrase)
  show(around, { key, file: out, json })
  if (!json)
    around.out(
      'It counts once two people have registered it: say `/autentico key` in Slack and paste the public key; somebody else approves it there.\n',
    )
  return 0
}

/** Prints the public half of a key. */
export async function showKey(around: Surroundings, options: KeyOptions & { readonly json: boolean }): Promise<0> {
  show(around, { key: await openKey(around, options), file: options.key, json: options.json })
  return 0
}

/** Reads a key, with the passphrase from the file that was named, from the environment, or from whoever sits there. */
export async function openKey({ env, ask }: Surroundings, { key, passphraseFile }: KeyOptions): Promise<PersonalKey> {
  return readPersonalKey(key, async () => {
    const given = givenPassphrase(env, passphraseFile) ?? (await ask?.(`Passphrase of ${key}: `, { hidden: true }))
    if (given === undefined) throw new PersonalKeyUnusable(nobodyToAsk)
    return given
  })
}

const nobodyToAsk = `The key is encrypted, and nobody is there to be asked for its passphrase. Name a file with --passphrase-file, or set ${passphraseVariable}.`

async function newPassphrase({ env, ask }: Surroundings, file: string | undefined): Promise<string> {
  const given = givenPassphrase(env, file)
  if (given !== undefined) return given
  const typed = await asked(ask, `New passphrase, at least ${shortestPassphrase} characters: `)
  if (typed !== (await asked(ask, 'The same once more: ')))
    throw new PersonalKeyUnusable('The two passphrases differ. No key was made.')
  return typed
}

async function asked(ask: Ask | undefined, question: string): Promise<string> {
  const typed = await ask?.(question, { hidden: true })
  if (typed !== undefined) return typed
  throw new PersonalKeyUnusable(
    `Nobody is there to be asked for a passphrase. Name a file with --passphrase-file, set ${passphraseVariable}, or say --unencrypted.`,
  )
}

function givenPassphrase(env: NodeJS.ProcessEnv, file: string | undefined): string | undefined {
  if (file === undefined) return env[passphraseVariable] === '' ? undefined : env[passphraseVariable]
  try {
    // Editors end a file with a newline; no passphrase does.
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw new PersonalKeyUnusable(`The passphrase file ${file} cannot be read (${code}).`, { cause: error })
  }
}

function show(
  { out }: Surroundings,
  { key, file, json }: { readonly key: PersonalKey; readonly file: string; readonly json: boolean },
): void {
  const { fingerprint, publicKey } = key
  if (json) out(`${JSON.stringify({ file, publicKey: publicLine(publicKey), fingerprint })}\n`)
  else out(`Key          ${file}\nFingerprint  ${fingerprint}\nPublic key   ${publicLine(publicKey)}\n`)
}
