import type { Json, JsonObject } from '../slack/json.ts'
import type { Glass } from './glass-view.ts'
import type { GlassActs } from './wire.ts'

/** Whether something behind the glass is called this. */
export function isGlassPart(name: string): name is keyof GlassActs {
  return Object.hasOwn(parts, name)
}

/** Does what a body of `POST /glass/<part>` asks for. Throws, naming what may be asked, for anything that the wire does not know. */
export async function actBehindGlass(glass: Glass, part: keyof GlassActs, body: JsonObject): Promise<void> {
  await parts[part](glass.acts, body)
}

const parts: Readonly<Record<keyof GlassActs, (acts: Glass['acts'], body: JsonObject) => Promise<void>>> = {
  attack: (acts, { doors }) => acts.attack({ doors: oneOf(['repeatable', 'all'], doors) }),
  bot: (acts, { to }) => acts.bot({ to: oneOf(['dead', 'running'], to) }),
  redis: (acts, { to }) => acts.redis({ to: oneOf(['stopped', 'running'], to) }),
  autentico: (acts, { to }) => acts.autentico({ to: oneOf(['well', 'slow', 'failing', 'stopped'], to) }),
  slack: (acts, { to }) => acts.slack({ to: oneOf(['disconnected', 'connected'], to) }),
  ledger: (acts, { to }) => acts.ledger({ to: oneOf(['tampered', 'restored', 'verified'], to) }),
}

function oneOf<Word extends string>(words: readonly Word[], said: Json | undefined): Word {
  const found = words.find((word) => word === said)
  if (found === undefined) throw new Error(`that must be one of: ${words.join(', ')}`)
  return found
}
