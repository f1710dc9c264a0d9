import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { loadPlaybooks } from '#/configuration/playbooks.ts'
import { listenOnLoopback, stopListening } from '#/drill/loopback.ts'
import { inherited } from '#/drill/program.ts'

/** Runs the demo with these words until it has ended. */
async function demo(...args: readonly string[]): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'demo.ts'), ...args], {
    env: inherited(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit') as Promise<[number | null]>
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { code, said: out + err }
}

test('a port that is taken is named before anything is started', async () => {
  const { server, url } = await listenOnLoopback(0)
  const { port } = new URL(url)
  const { code, said } = await demo('--no-open', '--port', port)
  await stopListening(server)

  expect(said).toBe(
    `Port ${port} cannot be used: another program uses it. Name another one with --port, or leave it out and a free one is taken.\n`,
  )
  expect(code).toBe(2)
}, 20_000)

test('what is no port is refused, and what can be asked for is told', async () => {
  expect(await demo('--port', '70000')).toMatchObject({
    code: 2,
    said: expect.stringContaining('from 0 to 65535') as string,
  })
  const { code, said } = await demo('--help')
  expect(code).toBe(0)
  for (const option of ['--auto', '--playbook', '--port', '--no-open', '--step-up']) expect(said).toContain(option)
}, 20_000)

test('a sign-in is for people: it does not go with a drill that plays by itself', async () => {
  expect(await demo('--auto', '--step-up')).toMatchObject({ code: 2 })
}, 20_000)

test('a playbook that cannot be played is refused with the names of those that can', async () => {
  const { code, said } = await demo('--auto', '--playbook', 'lost-laptop')
  expect(code).toBe(2)
  expect(said).toMatch(/^There is no playbook “lost-laptop” to be played/)
  for (const { id } of loadPlaybooks({})) expect(said).toContain(`  ${id}\n`)

  expect(await demo('--playbook', 'database-breach')).toMatchObject({
    code: 2,
    said: expect.stringContaining('--playbook goes with --auto') as string,
  })
}, 20_000)
