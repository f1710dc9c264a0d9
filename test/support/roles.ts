import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Stage } from '#/drill/stage.ts'
import { responder } from './incident-flow.ts'

type Environment = Readonly<Record<string, string>>

/** The environments of a bot and of two workers that run apart. */
export type Roles = { readonly bot: Environment; readonly one: Environment; readonly other: Environment }

/** Gives each side the other's public keys, as an operator does, and to each only the settings that it needs. */
export async function exchangeKeys({ dir, env, ...on }: Stage): Promise<Roles> {
  const keysOf = async (role: 'bot' | 'worker', name: string) => {
    const { out } = await responder({ dir, env, ...on }, 'keys', '--role', role, '--data-dir', join(dir, name))
    return out
  }
  const file = (name: string, text: string) => {
    writeFileSync(join(dir, name), text)
    return join(dir, name)
  }
  const bots = file('bot.pem', await keysOf('bot', 'data'))
  const crew = file('workers.pem', (await keysOf('worker', 'one')) + (await keysOf('worker', 'other')))
  const needed = (fits: (name: string) => boolean) =>
    Object.fromEntries(Object.entries(env).filter(([name]) => fits(name)))
  const forWorkers = needed((name) => !name.startsWith('SLACK_'))
  const worker = (name: string) => ({
    ...forWorkers,
    DATA_DIR: join(dir, name),
    WORKER_ID: name,
    BOT_PUBLIC_KEYS_FILE: bots,
    WORKER_PUBLIC_KEYS_FILE: crew,
  })
  return {
    bot: { ...needed((name) => !name.startsWith('AUTENTICO_')), WORKER_PUBLIC_KEYS_FILE: crew },
    one: worker('one'),
    other: worker('other'),
  }
}
