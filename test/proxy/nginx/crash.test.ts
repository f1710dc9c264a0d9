import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { asker } from '#/proxy/ask.ts'
import { render } from '#/proxy/render.ts'
import { markHeader, markPath, type Rendered } from '#/proxy/rendered.ts'
import { type RealProxy, startNginx, wishFor } from '../../support/real-proxy.ts'
import { half, opened, proxyStories } from '../stories.ts'
import type { Errand } from './crash-program.ts'

const story = proxyStories('nginx', async (upstream) => startNginx({ upstream }))

/** Before the change the first file is there, and the second is not. */
const earlier = '# what was there before\n'

story(
  'killed at any step of applying and keeping, it is as before after the next start until it is known to work',
  async ({ real }) => {
    const states = await afterEachDeath(real, { end: 'keep', from: 'beginning' })

    expect(states.join(', ')).toMatch(/^(?:as before, ){10,}(?:waiting, )+(?:as wanted, )+as wanted$/)
  },
)

story('killed at any step of taking it back, it is taken back after the next start', async ({ real }) => {
  const states = await afterEachDeath(real, { end: 'take back', from: 'end' })

  // Before its first step nothing has happened, and the time is not over.
  expect(states.join(', ')).toMatch(/^waiting, (?:as before, ){6,}as before$/)
})

type State = 'as before' | 'waiting' | 'as wanted'

/** Lets it die at every step, one run each, until one is let through; each time starts anew and says in what state that left the proxy. */
async function afterEachDeath(real: RealProxy, errand: Pick<Errand, 'end' | 'from'>): Promise<readonly State[]> {
  const rendered = render(wishFor(real))
  const states: State[] = []
  for (let dieAt = 1; dieAt < 50; dieAt += 1) {
    prepare(rendered)
    const { run: _run, ...setup } = real.setup
    const died = await dies({ ...errand, setup, rendered, until: half.toISOString(), dieAt })
    states.push(await settled(real, rendered))
    if (!died) return states
  }
  throw new Error('there is no end of steps')
}

function prepare({ files: [first, second] }: Rendered): void {
  writeFileSync(first?.path ?? '', earlier)
  rmSync(second?.path ?? '', { force: true })
}

async function dies(errand: Errand): Promise<boolean> {
  const program = join(import.meta.dirname, 'crash-program.ts')
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, JSON.stringify(errand)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await once(child, 'exit')
  if (child.signalCode === 'SIGKILL') return true
  expect(child.exitCode).toBe(0)
  return false
}

/** What the next start makes of it. Whatever that is, it is whole, nginx reads it, and a second start finds nothing more to do. */
async function settled(real: RealProxy, rendered: Rendered): Promise<State> {
  const proxy = opened(real)
  const { kind } = await proxy.settle()
  expect(await proxy.settle()).toMatchObject({ kind: kind === 'waiting' ? 'waiting' : 'nothing' })
  const state = kind === 'waiting' ? 'waiting' : lies(rendered)
  await vi.waitUntil(async () => (await shownMark(real)) === (state === 'as before' ? undefined : rendered.mark))

  if (state === 'waiting') expect(await proxy.rollBack()).toMatchObject({ kind: 'rolled-back' })
  if (state === 'as wanted') return state
  expect(lies(rendered)).toBe('as before')
  return state
}

function lies({ files: [first, second] }: Rendered): State {
  const text = readFileSync(first?.path ?? '', 'utf8')
  const isThere = existsSync(second?.path ?? '')
  if (text === earlier && !isThere) return 'as before'
  if (text === first?.text && isThere && readFileSync(second?.path ?? '', 'utf8') === second?.text) return 'as wanted'
  throw new Error('half of the change lies there')
}

async function shownMark({ site }: RealProxy): Promise<string | undefined> {
  const answer = await asker(site.url, 1).ask({ path: markPath })
  if (answer === undefined) throw new Error('nginx left a question without an answer')
  return answer.headers[markHeader.toLowerCase()]?.toString()
}
