import { spawn } from 'node:child_process'
import { execPath } from 'node:process'
import { createInterface } from 'node:readline'
import { Pool } from 'undici'
import { defaultLimits, openTransport } from '#/autentico/transport.ts'
import type { Figure } from '../figure.ts'

const requests = 1_000

/** Answers every request with one account, and says on its first line which port it listens on. */
const server = `
const body = JSON.stringify({ id: 'a'.repeat(20), username: 'alice', email: 'alice@acme.test', role: 'user', totp_verified: true,
  created_at: '2026-11-23T09:00:00Z', updated_at: '2026-11-23T09:00:00Z', failed_login_attempts: 0, note: 'x'.repeat(200) })
const headers = { 'content-type': 'application/json', 'content-length': body.length, 'x-request-id': 'b'.repeat(20) }
const server = require('node:http').createServer((request, response) => response.writeHead(200, headers).end(body))
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
process.stdin.resume().on('end', () => process.exit())`

/** What one read of an account costs beside the same request without time limits, size limit and failures made plain. */
function client(inFlight: number): Figure {
  return {
    name: `autentico client, ${inFlight} in flight`,
    unit: 'requests/s',
    target: { atLeast: 0.8 },
    prepare: async () => {
      const stack = new AsyncDisposableStack()
      const base = await startServer(stack)
      const transport = stack.use(openTransport(base, defaultLimits))
      const pool = stack.adopt(new Pool(base.origin, { connections: 8 }), (open) => open.destroy())
      const path = '/admin/api/users/aaaaaaaaaaaaaaaaaaaa'
      const headers = { accept: 'application/json', authorization: 'Bearer none' }
      return {
        ours: () =>
          rate(inFlight, async () => {
            await transport.send({ method: 'GET', path, call: 'read an account', headers, mayChange: false })
          }),
        floor: () =>
          rate(inFlight, async () => {
            const { body } = await pool.request({ method: 'GET', path, headers })
            await body.text()
          }),
        [Symbol.asyncDispose]: () => stack.disposeAsync(),
      }
    },
  }
}

export const figures: readonly Figure[] = [client(1), client(10)]

async function startServer(stack: AsyncDisposableStack): Promise<URL> {
  const child = spawn(execPath, ['-e', server], { stdio: ['pipe', 'pipe', 'inherit'] })
  stack.defer(() => void child.kill())
  const port = await new Promise<string>((resolve) => createInterface(child.stdout).once('line', resolve))
  return new URL(`http://127.0.0.1:${port}`)
}

async function rate(inFlight: number, send: () => Promise<void>): Promise<number> {
  const start = performance.now()
  const line = async (): Promise<void> => {
    for (let sent = 0; sent < requests / inFlight; sent++) await send()
  }
  await Promise.all(Array.from({ length: inFlight }, line))
  return (requests * 1000) / (performance.now() - start)
}
